using Broker.Actors.Nodes;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;
using Broker.Testing.Redis;

namespace Broker.Actors.Tests.Cluster;

/// <summary>Several nodes of one cluster in this process, each with an actor system of its own, on a redis-server of theirs.</summary>
internal sealed class ClusteredNodes : IAsyncDisposable
{
    private readonly List<BrokerNode> _nodes = [];

    private ClusteredNodes(RedisServer redis) => Redis = redis;

    public RedisServer Redis { get; }

    public IReadOnlyList<BrokerNode> Nodes => _nodes;

    public static async Task<ClusteredNodes> StartAsync(int count, string settings = "")
    {
        var cluster = new ClusteredNodes(await RedisServer.StartAsync());
        for (var i = 0; i < count; i++) await cluster.AddAsync(settings);
        return cluster;
    }

    public async Task<BrokerNode> AddAsync(string settings = "", BrokerOptions? options = null)
    {
        var node = await BrokerNode.StartAsync(Settings(settings), options);
        _nodes.Add(node);
        return node;
    }

    /// <summary>What the nodes are started with; what is given goes over it.</summary>
    public Hocon.HoconObject Settings(string settings) => Configuration.Parse(
        $$"""
        broker { {{TestNode.Short}}, {{TestNode.History}}, redis.connection = "{{Redis.ConnectionString}}", cluster { enabled = on, lease = 1s, secret = "of the tests" } }
        broker { {{settings}} }
        """);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
