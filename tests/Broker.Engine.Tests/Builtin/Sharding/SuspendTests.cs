using System.Collections.Concurrent;
using System.Diagnostics;

namespace Broker.Engine.Tests.Builtin.Sharding;

/// <summary>Real nodes whose way to the coordinator can be cut.</summary>
public sealed class SuspendTests : IDisposable
{
    private const string Settings = """
        akka { loglevel = OFF, stdout-loglevel = OFF, actor.provider = cluster, cluster.lease = 1s }
        akka.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout = 2s
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly InMemoryCoordinator _coordinator = new();
    private readonly List<Node> _nodes = [];

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            ((ExtendedActorSystem)node.System).Abort();
            Assert.True(node.System.WhenTerminated.Wait(Patience));
        }
    }

    [Fact]
    public async Task A_node_cut_off_keeps_its_entities_and_makes_no_new_ones_until_it_is_back()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        await TouchAsync(a, 100);
        await EventuallyAsync(async () => await TouchAsync(a, 100) && b.Alive.Count > 20);
        var kept = b.Alive.Keys.ToList();

        b.Way.IsCut = true;
        await EventuallyAsync(() => Task.FromResult(Cluster.Get(b.System).View!.IsSuspended));
        Assert.Equal(kept.Order(), b.Alive.Keys.Order());
        Assert.Equal("b", await b.Region.Ask<string>(new ShardingEnvelope(kept[0], "who"), Patience));
        for (var id = 100; id < 200; id++)
        {
            b.Region.Tell(new ShardingEnvelope($"{id}", "who"), ActorRefs.NoSender);
        }

        // The other takes the shards over when the lease has run out; its entities are others than those that b still has.
        await EventuallyAsync(async () => await TouchAsync(a, 100) && kept.TrueForAll(a.Alive.ContainsKey));
        Assert.Equal(kept.Order(), b.Alive.Keys.Order());

        b.Way.IsCut = false;
        await EventuallyAsync(() => Task.FromResult(b.HandedOff.Count >= kept.Count && a.Alive.Keys.Concat(b.Alive.Keys).Distinct().Count() == 200));
        Assert.All(kept, id => Assert.Contains(id, b.HandedOff));
    }

    [Fact]
    public async Task Redis_lost_for_all_and_come_back_empty_stops_no_entity_and_removes_no_member()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        await EventuallyAsync(() => Task.FromResult(IsSpread(a) && IsSpread(b)));
        await EventuallyAsync(async () => await TouchAsync(a, 50) && a.Alive.Count + b.Alive.Count == 50);
        var alive = a.Lives.Concat(b.Lives).ToList();
        using var kit = new TestKit(a.System);
        Cluster.Get(a.System).Subscribe(kit.TestActor, typeof(ClusterEvent.MemberRemoved));
        kit.ExpectMsg<ClusterEvent.CurrentClusterState>(Patience);

        a.Way.IsCut = b.Way.IsCut = true;
        await EventuallyAsync(() => Task.FromResult(Cluster.Get(a.System).View!.IsSuspended && Cluster.Get(b.System).View!.IsSuspended));
        _coordinator.LoseAll();
        a.Way.IsCut = false;
        await EventuallyAsync(() => Task.FromResult(!Cluster.Get(a.System).View!.IsSuspended));
        b.Way.IsCut = false;
        await EventuallyAsync(() => Task.FromResult(!Cluster.Get(b.System).View!.IsSuspended && Cluster.Get(b.System).View!.IsSettled));

        Assert.True(await TouchAsync(a, 50));
        Assert.Equal(alive, a.Lives.Concat(b.Lives));
        kit.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task A_node_of_other_terms_is_refused_and_told_why()
    {
        await StartAsync();

        var refused = await Assert.ThrowsAsync<ClusterRefusedException>(() => StartAsync("prefix other"));

        Assert.Contains("prefix other", refused.Message);
        Assert.Contains("prefix one", refused.Message);
    }

    // Redis had lost the leases, and a node of other terms that its supervisor started again and again was the first to come back: all the others were refused, and shut down.
    [Fact]
    public async Task Members_that_are_refused_wait_with_all_they_have_until_the_stranger_is_gone()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        await EventuallyAsync(() => Task.FromResult(IsSpread(a) && IsSpread(b)));
        await EventuallyAsync(async () => await TouchAsync(a, 50) && a.Alive.Count + b.Alive.Count == 50);
        var alive = a.Lives.Concat(b.Lives).ToList();

        a.Way.IsCut = b.Way.IsCut = true;
        await EventuallyAsync(async () =>
        {
            _coordinator.LoseAll();
            return (await _coordinator.ExchangeAsync(Stranger())).Outcome == ExchangeOutcome.Done;
        });
        a.Way.IsCut = b.Way.IsCut = false;
        await EventuallyAsync(() => Task.FromResult(a.Way.Refusals > 3 && b.Way.Refusals > 3));
        await EventuallyAsync(() => Task.FromResult(Cluster.Get(a.System).View!.IsSuspended && Cluster.Get(b.System).View!.IsSuspended));
        await _coordinator.LeaveAsync("stranger");

        await EventuallyAsync(() => Task.FromResult(Cluster.Get(a.System).HoldsLease && Cluster.Get(b.System).HoldsLease));
        await EventuallyAsync(() => TouchAsync(a, 50));
        Assert.Equal(alive, a.Lives.Concat(b.Lives));
    }

    // A node that was killed, given another prefix and started at once was refused by its own former life.
    [Fact]
    public async Task A_node_of_other_terms_than_a_dead_one_waits_for_its_lease_to_run_out()
    {
        await _coordinator.ExchangeAsync(Stranger());

        var start = StartAsync(more: "akka.cluster.lease = 10s");
        await EventuallyAsync(() => Task.FromResult(_nodes[0].Way.Refusals > 0));
        await _coordinator.LeaveAsync("stranger");

        Assert.True(Cluster.Get((await start).System).IsUp);
    }

    // A claim that was not granted was repeated at the speed of Redis, and made all others look each time.
    [Fact]
    public async Task Claims_that_are_not_granted_are_asked_again_with_a_pause()
    {
        var way = new CuttableWay(_coordinator) { IsDeaf = true };
        await StartAsync(way: way);
        await EventuallyAsync(() => Task.FromResult(way.Claims > 0));
        var (before, clock) = (way.Claims, Stopwatch.StartNew());

        await EventuallyAsync(() => Task.FromResult(way.Claims >= before + (20 * 64)));

        // 20 pauses of a twentieth of a lease; a loaded machine only makes them longer.
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(0.5));
    }

    // A node of a later version, whose record cannot be read, was taken for dead: what it had was claimed without end, and messages for it waited for ever.
    [Fact]
    public async Task What_a_node_has_whose_record_cannot_be_read_is_not_claimed()
    {
        var shards = Enumerable.Range(0, 64).Select(shard => $"t:{shard}").ToList();
        var terms = $"wire {Frame.WireVersion}, system suspend, prefix one";
        await _coordinator.ExchangeAsync(Stranger() with { Terms = terms, Record = "2|of another kind", Mark = "first", Claims = shards });

        var a = await StartAsync();
        await EventuallyAsync(() => Task.FromResult(Cluster.Get(a.System).View!.IsSettled));
        var renewals = Cluster.Get(a.System).Figures.LeaseRenewals;
        await EventuallyAsync(() => Task.FromResult(Cluster.Get(a.System).Figures.LeaseRenewals > renewals + 1));

        Assert.Equal(0, a.Way.Claims);
    }

    // A coordinator that took longer than a third of the lease to answer held the node's lease without the node's knowing: it was suspended for good.
    [Fact]
    public async Task A_coordinator_that_takes_half_a_lease_to_answer_is_good_enough()
    {
        var a = await StartAsync(more: "akka.cluster.lease = 3s", delay: TimeSpan.FromSeconds(1.5));

        await EventuallyAsync(() => Task.FromResult(Cluster.Get(a.System).Figures.LeaseRenewals > 3));

        await EventuallyAsync(async () => await TouchAsync(a, 20));
        Assert.True(Cluster.Get(a.System).HoldsLease);
    }

    [Fact]
    public async Task A_new_node_is_up_at_once_and_claims_nothing_before_one_lease_has_passed()
    {
        var a = await StartAsync(more: "akka.cluster.lease = 300s");

        Assert.Equal(MemberStatus.Up, Cluster.Get(a.System).SelfMember.Status);
        Assert.True(Cluster.Get(a.System).HoldsLease);
        Assert.Empty(Cluster.Get(a.System).View!.Table);
    }

    [Fact]
    public async Task A_node_knows_by_its_own_clock_whether_it_holds_its_lease_and_counts_what_it_took_from_a_dead_one()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        var (clusterA, clusterB) = (Cluster.Get(a.System), Cluster.Get(b.System));
        await EventuallyAsync(() => Task.FromResult(IsSpread(a) && IsSpread(b)));
        var figures = clusterA.Figures;
        Assert.True(clusterA.HoldsLease && clusterB.HoldsLease);
        Assert.Equal((clusterA.Figures.ShardsGiven, 0), (clusterB.Figures.ShardsTaken, clusterB.Figures.ShardsTakenFromDead));
        Assert.Equal(64, figures.Members.Sum(member => member.Shards));
        Assert.Single(figures.Members, member => member.IsLinked is null);
        await EventuallyAsync(() => Task.FromResult(clusterA.Figures.Members.All(member => member.IsLinked != false)));

        b.Way.IsCut = true;
        await EventuallyAsync(() => Task.FromResult(!clusterB.HoldsLease));

        var taken = figures.Members.Single(member => member.IsLinked is not null).Shards;
        await EventuallyAsync(() => Task.FromResult(clusterA.Figures.ShardsTakenFromDead == taken));
        Assert.NotNull(clusterA.Figures.LastFailOver);
        Assert.True(clusterB.Figures.LeaseAge > TimeSpan.FromSeconds(1));
    }

    // The others had heard that its actors were dead and forgot them, but its own watches heard nothing: its relays waited for publications that
    // no owner sent them any more.
    [Fact]
    public async Task A_node_that_was_taken_for_gone_hears_it_of_all_it_watches_and_may_watch_anew()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        using var kitA = new TestKit(a.System);
        using var kitB = new TestKit(b.System);
        var target = a.System.ActorOf(Props.Create<Silent>());
        var (onA, onB) = (SeenFrom(b, target), SeenFrom(a, b.System.ActorOf(Props.Create<Silent>())));
        kitA.Watch(onB);
        kitB.Watch(onA);
        await onA.Ask<ActorIdentity>(new Identify(1), Patience);
        await onB.Ask<ActorIdentity>(new Identify(1), Patience);

        b.Way.IsCut = true;
        kitA.ExpectTerminated(onB, Patience);
        Assert.True(kitB.ExpectTerminated(onA, Patience).AddressTerminated);

        kitB.Watch(onA);
        b.Way.IsCut = false;
        await EventuallyAsync(() => Task.FromResult(Cluster.Get(b.System).HoldsLease && Cluster.Get(a.System).State.Members.Count == 2));
        await onA.Ask<ActorIdentity>(new Identify(1), Patience);
        Assert.False(kitB.HasMessages);

        a.System.Stop(target);
        kitB.ExpectTerminated(onA, Patience);
        kitB.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    // Between the renewal and the view that came with it an entity believed that it still had what another node had been given, and took it back.
    [Fact]
    public async Task A_lease_that_was_lost_counts_again_only_when_what_others_were_given_has_stopped()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        await EventuallyAsync(async () => await TouchAsync(a, 100) && b.Alive.Count > 20);
        var kept = b.Alive.Keys.ToList();
        b.Lingers = true;
        b.Way.IsCut = true;
        await EventuallyAsync(async () => await TouchAsync(a, 100) && kept.TrueForAll(a.Alive.ContainsKey));

        b.Way.IsCut = false;
        await EventuallyAsync(() => Task.FromResult(kept.TrueForAll(b.HandedOff.Contains)));
        Assert.False(Cluster.Get(b.System).View!.IsSuspended);
        Assert.False(Cluster.Get(b.System).HoldsLease);

        kept.ForEach(id => b.Alive[id].Tell(PoisonPill.Instance, ActorRefs.NoSender));
        await EventuallyAsync(() => Task.FromResult(Cluster.Get(b.System).HoldsLease));
    }

    // Its region tried to hand over its shards through a daemon that had stopped, until the phase's time was over.
    [Fact]
    public async Task A_node_that_is_sent_away_does_not_wait_for_anybody_to_take_its_shards()
    {
        var (a, b) = (await StartAsync(), await StartAsync(more: "akka.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout = 300s"));
        await EventuallyAsync(async () => await TouchAsync(a, 100) && b.Alive.Count > 20);
        var had = b.Alive.Keys.ToList();

        Cluster.Get(a.System).Down(Cluster.Get(b.System).SelfAddress);

        await b.System.WhenTerminated.WaitAsync(Patience);
        Assert.All(had, id => Assert.Contains(id, b.HandedOff));
    }

    [Fact]
    public async Task A_step_that_is_never_answered_costs_only_time()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        a.Way.Hangs = 2;
        b.Way.Hangs = 1;

        await EventuallyAsync(async () => await TouchAsync(a, 50) && b.Alive.Count > 10 && a.Alive.Count + b.Alive.Count == 50);
    }

    private static Exchange Stranger() => new("stranger", "other terms", "", "|", TimeSpan.FromMinutes(1), "", "", [], []);

    /// <summary>The node sees every shard where it should be: none will move any more.</summary>
    private static bool IsSpread(Node node)
    {
        var view = Cluster.Get(node.System).View!;
        var wanted = Allocation.Of(64, [.. view.Members.Select(member => member.Identity.Id)]);
        return view.Members.Count == 2 && Enumerable.Range(0, 64).All(shard => view.Table.GetValueOrDefault($"t:{shard}") == wanted[shard]);
    }

    private static IActorRef SeenFrom(Node node, IActorRef actor) =>
        ((ExtendedActorSystem)node.System).Provider.ResolveActorRef(Broker.Engine.Serialization.SerializedActorPath(actor));

    private static async Task EventuallyAsync(Func<Task<bool>> isSo)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, "Not in time");
            await Task.Delay(20);
        }
    }

    private static async Task<bool> TouchAsync(Node node, int count)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, count).Select(id => node.Region.Ask<string>(new ShardingEnvelope($"{id}", "who"), TimeSpan.FromSeconds(5))));
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    private async Task<Node> StartAsync(string terms = "prefix one", string more = "", TimeSpan delay = default, CuttableWay? way = null)
    {
        var config = ConfigurationFactory.ParseString(more).WithFallback(ConfigurationFactory.ParseString(Settings));
        var node = new Node(_nodes.Count == 0 ? "a" : "b", ActorSystem.Create("suspend", config), way ?? new CuttableWay(_coordinator) { Delay = delay });
        _nodes.Add(node);
        var cluster = Cluster.Get(node.System);
        cluster.Use(node.Way, terms);
        node.Region = ClusterSharding.Get(node.System).Start(
            "t",
            id => Props.Create(() => new Entity(id, node)),
            ClusterShardingSettings.Create(node.System),
            HashCodeMessageExtractor.Create(64, message => (message as ShardingEnvelope)?.EntityId),
            ClusterSharding.Get(node.System).DefaultShardAllocationStrategy(ClusterShardingSettings.Create(node.System)),
            "hand off");
        await cluster.JoinAsync(cluster.SelfAddress).WaitAsync(Patience);
        return node;
    }

    private sealed class CuttableWay(ICoordinator coordinator) : ICoordinator
    {
        public volatile bool IsCut;

        public volatile int Hangs;

        public volatile int Refusals;

        public volatile int Claims;

        /// <summary>Renews, and does nothing else that it is asked for.</summary>
        public bool IsDeaf { get; init; }

        /// <summary>How long an answer takes.</summary>
        public TimeSpan Delay { get; init; }

        public Task<Exchanged> ExchangeAsync(Exchange order)
        {
            Claims += order.Claims.Count;
            order = IsDeaf ? order with { Moves = [], Claims = [] } : order;
            if (Hangs > 0)
            {
                Hangs--;
                return new TaskCompletionSource<Exchanged>().Task;
            }

            return IsCut ? Task.FromException<Exchanged>(new IOException("cut off")) : AnswerLateAsync(coordinator.ExchangeAsync(order));
        }

        private async Task<Exchanged> AnswerLateAsync(Task<Exchanged> answer)
        {
            await Task.Delay(Delay);
            var told = await answer;
            Refusals += told.Outcome == ExchangeOutcome.Refused ? 1 : 0;
            return told;
        }

        public Task LeaveAsync(string node) => IsCut ? Task.FromException(new IOException("cut off")) : coordinator.LeaveAsync(node);

        public Task BanishAsync(string node, TimeSpan memory) => coordinator.BanishAsync(node, memory);
    }

    private sealed record Node(string Name, ActorSystem System, CuttableWay Way)
    {
        public IActorRef Region { get; set; } = null!;

        public ConcurrentDictionary<string, IActorRef> Alive { get; } = new();

        /// <summary>Which incarnation of which entity.</summary>
        public IEnumerable<string> Lives => Alive.Select(entity => $"{Name} {entity.Key} {entity.Value.Path.Uid}").Order(StringComparer.Ordinal);

        public ConcurrentBag<string> HandedOff { get; } = [];

        /// <summary>Its entities do not stop when they are told to.</summary>
        public bool Lingers { get; set; }
    }

    private sealed class Silent : ReceiveActor;

    private sealed class Entity : ReceiveActor
    {
        private readonly string _id;
        private readonly Node _node;

        public Entity(string id, Node node)
        {
            (_id, _node) = (id, node);
            Receive<string>(message => message == "hand off", _ =>
            {
                node.HandedOff.Add(id);
                if (!node.Lingers) Context.Stop(Self);
            });
            Receive<string>(_ => Sender.Tell(node.Name));
        }

        protected override void PreStart() => _node.Alive[_id] = Self;

        protected override void PostStop() => _node.Alive.TryRemove(_id, out _);
    }
}
