using System.Collections.Concurrent;
using System.Diagnostics;

namespace Broker.Engine;

/// <summary>What a coordinator knows, and its rules, with the time as an argument: the in-memory one's whole truth, and the model of Redis's script.</summary>
internal sealed class CoordinatorState
{
    private readonly Dictionary<string, Node> _nodes = [];
    private readonly Dictionary<string, TimeSpan> _banished = [];
    private readonly Dictionary<string, string> _table = [];
    private string _version = "";

    public IReadOnlyDictionary<string, string> Table => _table;

    public Exchanged Exchange(TimeSpan now, Exchange order)
    {
        Forget(now);
        if (_banished.ContainsKey(order.Node))
        {
            return Exchanged.NotDone(ExchangeOutcome.Banished);
        }

        var hadLease = _nodes.ContainsKey(order.Node);
        if (!hadLease && _nodes.Values.FirstOrDefault(node => node.Terms != order.Terms) is { } other)
        {
            return Exchanged.NotDone(ExchangeOutcome.Refused, other.Terms);
        }

        _nodes[order.Node] = new Node(order.Terms, order.Record, order.Takes, now + order.Lease);
        var hasChanged = order.Moves.Count(move => TryMove(order.Node, move)) + order.Claims.Count(shard => TryClaim(order.Node, shard)) > 0;
        if (hasChanged)
        {
            _version = order.Mark;
        }

        return new Exchanged(
            ExchangeOutcome.Done,
            order.Terms,
            hadLease,
            [.. _nodes.Select(node => new LivingNode(node.Key, node.Value.Record, node.Value.Until - now))],
            _version,
            _version == order.KnownTable ? null : new Dictionary<string, string>(_table));
    }

    public void Leave(string node) => _nodes.Remove(node);

    public void Banish(TimeSpan now, string node, TimeSpan memory)
    {
        _nodes.Remove(node);
        _banished[node] = now + memory;
    }

    /// <summary>Redis was restarted and kept nothing.</summary>
    public void LoseAll() => FallBack(new Dictionary<string, string>(), "");

    /// <summary>Redis was restarted without any lease, and with a table of an earlier time.</summary>
    public void FallBack(IReadOnlyDictionary<string, string> table, string version)
    {
        _nodes.Clear();
        _banished.Clear();
        _table.Clear();
        foreach (var (shard, node) in table)
        {
            _table[shard] = node;
        }

        _version = version;
    }

    private void Forget(TimeSpan now)
    {
        foreach (var (id, _) in _nodes.Where(node => node.Value.Until <= now).ToList())
        {
            _nodes.Remove(id);
        }

        foreach (var (id, _) in _banished.Where(banished => banished.Value <= now).ToList())
        {
            _banished.Remove(id);
        }
    }

    private bool TryMove(string from, ShardMove move)
    {
        if (_table.GetValueOrDefault(move.Shard) != from || move.To == from)
        {
            return false;
        }

        var type = move.Shard[..move.Shard.LastIndexOf(':')];
        if (_nodes.TryGetValue(move.To, out var taker) && taker.Takes.Contains($"|{type}|", StringComparison.Ordinal))
        {
            _table[move.Shard] = move.To;
        }
        else
        {
            _table.Remove(move.Shard);
        }

        return true;
    }

    private bool TryClaim(string node, string shard)
    {
        if (_table.TryGetValue(shard, out var owner) && (owner == node || _nodes.ContainsKey(owner)))
        {
            return false;
        }

        _table[shard] = node;
        return true;
    }

    private sealed record Node(string Terms, string Record, string Takes, TimeSpan Until);
}

/// <summary>The coordinator of systems of one process, for tests: founded by the first that joins itself, found by its address.</summary>
internal sealed class InMemoryCoordinator : ICoordinator
{
    private static readonly ConcurrentDictionary<Address, InMemoryCoordinator> Founded = new();

    private readonly CoordinatorState _state = new();
    private readonly Lock _gate = new();

    private static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    public static InMemoryCoordinator Found(Address founder) => Founded.GetOrAdd(founder, static _ => new InMemoryCoordinator());

    public static InMemoryCoordinator? Find(Address address) => Founded.GetValueOrDefault(address);

    /// <summary>Who has joined it is found by his own address too: any member may be named to those who join.</summary>
    public void FoundBy(Address member) => Founded[member] = this;

    public static void Forget(Address member) => Founded.TryRemove(member, out _);

    public Task<Exchanged> ExchangeAsync(Exchange order)
    {
        lock (_gate)
        {
            return Task.FromResult(_state.Exchange(Now, order));
        }
    }

    public Task LeaveAsync(string node)
    {
        lock (_gate)
        {
            _state.Leave(node);
        }

        return Task.CompletedTask;
    }

    public Task BanishAsync(string node, TimeSpan memory)
    {
        lock (_gate)
        {
            _state.Banish(Now, node, memory);
        }

        return Task.CompletedTask;
    }

    public void LoseAll()
    {
        lock (_gate)
        {
            _state.LoseAll();
        }
    }
}
