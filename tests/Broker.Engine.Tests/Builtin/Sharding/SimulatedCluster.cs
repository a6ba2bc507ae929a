namespace Broker.Engine.Tests.Builtin.Sharding;

/// <summary>
/// A cluster without actors, sockets and clocks: the real rules (<see cref="ShardTable"/>, <see cref="Lease"/>, <see cref="Roster"/>,
/// <see cref="CoordinatorState"/>) in a time that the test makes. Nodes run, stand still (SIGSTOP), die and are cut off from the coordinator; what a node asks of the
/// coordinator may take effect without its hearing of it, and late. Each shard has one entity, which takes an owner token when it starts, as channel actors do.
/// </summary>
internal sealed class SimulatedCluster(int shards, int seed)
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly Random _random = new(seed);
    private readonly CoordinatorState _coordinator = new();
    private readonly List<(TimeSpan Due, Exchange Order)> _late = [];
    private int _lastNode;

    public TimeSpan Now { get; private set; }

    public List<Node> Nodes { get; } = [];

    public FencedStore Store { get; } = new();

    public int Shards => shards;

    public IEnumerable<Node> Running => Nodes.Where(node => node is { IsDead: false });

    public IReadOnlyDictionary<string, string> Table => _coordinator.Table.ToDictionary();

    public Node Start()
    {
        var node = new Node(this, ++_lastNode);
        Nodes.Add(node);
        return node;
    }

    public void LoseTable() => _coordinator.LoseAll();

    /// <summary>Redis comes back without leases and with a table that it had once.</summary>
    public void FallBack(IReadOnlyDictionary<string, string> earlier) => _coordinator.FallBack(earlier, Guid.NewGuid().ToString());

    /// <summary>Some time in which everything that is not hindered goes its way.</summary>
    public void Pass(TimeSpan time)
    {
        for (var end = Now + time; Now < end;)
        {
            Now += Step;
            foreach (var late in _late.Where(late => late.Due <= Now).ToList())
            {
                _late.Remove(late);
                _coordinator.Exchange(Now, late.Order);
            }

            foreach (var node in Running.OrderBy(_ => _random.Next()).ToList())
            {
                node.Tick();
            }
        }
    }

    /// <returns>Null if the node does not hear of it.</returns>
    private Exchanged? Exchange(Node node, Exchange order)
    {
        if (node.IsCutOff)
        {
            return null;
        }

        if (_random.Next(20) == 0)
        {
            // The answer is lost, or the order lies somewhere on the way and takes effect when nobody expects it any more.
            _late.Add((Now + (_random.Next(3) * Lease / 2), order));
            return null;
        }

        return _coordinator.Exchange(Now, order);
    }

    internal sealed class Node
    {
        private readonly SimulatedCluster _cluster;
        private readonly NodeIdentity _identity;
        private readonly Lease _lease = new(Lease);
        private readonly Roster _roster = new();
        private readonly ShardTable _table;
        private readonly Dictionary<int, long> _entities = [];
        private readonly HashSet<int> _stopping = [];
        private List<ShardMove> _moves = [];
        private List<string> _claims = [];
        private IReadOnlyDictionary<string, string> _known = new Dictionary<string, string>();
        private string _version = "";
        private bool _hasJoined;

        public Node(SimulatedCluster cluster, int number)
        {
            _cluster = cluster;
            _identity = new NodeIdentity(new Address("akka.tcp", "s", "h", number), cluster._random.NextInt64());
            _table = new ShardTable("t", cluster.Shards, _identity.Id, maxMoves: 8);
        }

        public string Id => _identity.Id;

        public bool IsDead { get; set; }

        public bool IsPaused { get; set; }

        public bool IsCutOff { get; set; }

        public ShardTable Table => _table;

        public IReadOnlyDictionary<int, long> Entities => _entities;

        public bool IsSettled => _lease.IsSettled(_cluster.Now);

        public bool IsLeaving { get; private set; }

        public void Leave()
        {
            IsLeaving = true;
            _table.IsRetiring = true;
        }

        public void Tick()
        {
            if (IsPaused)
            {
                return;
            }

            // Entities take a while to stop.
            foreach (var shard in _stopping.Where(_ => _cluster._random.Next(3) == 0).ToList())
            {
                _stopping.Remove(shard);
                _entities.Remove(shard);
                Act(_table.Stopped(shard));
            }

            Exchange();
            Work();
            if (IsLeaving && _table.IsEmpty && _hasJoined)
            {
                IsDead = true;
                _cluster._coordinator.Leave(Id);
            }
        }

        /// <summary>Messages come for shards now and then: an entity is made where the rules allow it, and entities write.</summary>
        private void Work()
        {
            for (var i = 0; i < 4; i++)
            {
                var shard = _cluster._random.Next(_cluster.Shards);
                if (_table.RouteOf(shard) == ShardRoute.Here && !_table.IsSuspended && !_entities.ContainsKey(shard))
                {
                    if (IsCutOff) continue;
                    _entities[shard] = _cluster.Store.TakeOver(shard, Id);
                }

                if (_entities.TryGetValue(shard, out var token) && !IsCutOff)
                {
                    _cluster.Store.Write(shard, token, Id);
                }
            }
        }

        private void Exchange()
        {
            var now = _cluster.Now;
            var status = IsLeaving ? MemberStatus.Leaving : MemberStatus.Up;
            var record = new NodeRecord(_identity, status, IsLeaving ? [] : [ShardTable.KeyOf("t", _cluster.Shards)]);
            var order = new Exchange(Id, "", record.ToText(), Engine.Exchange.TypesTaken(IsLeaving ? [] : ["t"]), Lease, _version, Guid.NewGuid().ToString(), _moves, _claims);
            (_moves, _claims) = ([], []);
            if (_cluster.Exchange(this, order) is { } told)
            {
                _lease.Renewed(now, now, told.HadLease);
                _hasJoined = true;
                _version = told.TableVersion;
                _known = told.Table ?? _known;
                _roster.Look([.. told.Living.Select(node => NodeRecord.Parse(node.Record)!)], _lease.IsSettled(now));
            }

            Act(_table.Look(new ClusterView(0, _identity, [.. _roster.Members], _known, !_lease.IsHeld(now), _lease.IsSettled(now))));
        }

        private void Act(ShardDecisions decisions)
        {
            _moves.AddRange(decisions.Moves);
            _claims.AddRange(decisions.Claims);
            foreach (var shard in decisions.Stop)
            {
                if (_entities.ContainsKey(shard))
                {
                    _stopping.Add(shard);
                }
                else
                {
                    Act(_table.Stopped(shard));
                }
            }
        }
    }
}

/// <summary>What channels' scripts do in Redis: a write counts only under the newest owner token.</summary>
internal sealed class FencedStore
{
    private readonly Dictionary<int, long> _tokens = [];

    /// <summary>The writes that took effect, in order.</summary>
    public List<(int Shard, long Token, string Node)> Written { get; } = [];

    public int Refused { get; private set; }

    public long TakeOver(int shard, string node)
    {
        _ = node;
        return _tokens[shard] = _tokens.GetValueOrDefault(shard) + 1;
    }

    public bool Write(int shard, long token, string node)
    {
        if (token < _tokens.GetValueOrDefault(shard))
        {
            Refused++;
            return false;
        }

        Written.Add((shard, token, node));
        return true;
    }
}
