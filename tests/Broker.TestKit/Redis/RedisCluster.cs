using System.Diagnostics;
using System.Globalization;

namespace Broker.Testing.Redis;

/// <summary>A real Redis Cluster of three masters on this machine.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    /// <summary>In ms. Nobody fails over here, and a busy machine must not make a node drop its link to another: publications that cross it then are lost.</summary>
    private const string NodeTimeout = "60000";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private RedisCluster(IReadOnlyList<RedisServer> nodes) => Nodes = nodes;

    public IReadOnlyList<RedisServer> Nodes { get; }

    /// <summary>In StackExchange.Redis's form, with all nodes.</summary>
    public string ConnectionString => string.Join(',', Nodes.Select(node => $"127.0.0.1:{node.Port}"));

    public static async Task<RedisCluster> StartAsync()
    {
        var nodes = new List<RedisServer>();
        for (var i = 0; i < 3; i++) nodes.Add(await StartNodeAsync());

        var cluster = new RedisCluster(nodes);
        string[] addresses = [.. nodes.Select(node => $"127.0.0.1:{node.Port}")];
        await nodes[0].CliAsync(["--cluster", "create", .. addresses, "--cluster-yes"]);
        await cluster.AgreesAsync();
        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes) await node.DisposeAsync();
    }

    private static Task<RedisServer> StartNodeAsync() => RedisServer.StartAsync(
        null, "--cluster-enabled", "yes", "--cluster-port", RedisServer.FreePort().ToString(CultureInfo.InvariantCulture), "--cluster-node-timeout", NodeTimeout);

    private async Task AgreesAsync()
    {
        var clock = Stopwatch.StartNew();
        foreach (var node in Nodes)
        {
            while (!await AgreesAsync(node))
            {
                if (clock.Elapsed > Patience) throw new InvalidOperationException("the Redis Cluster does not come up: " + await node.CliAsync("CLUSTER", "INFO"));
                await Task.Delay(50);
            }
        }
    }

    private static async Task<bool> AgreesAsync(RedisServer node)
    {
        var info = await node.CliAsync("CLUSTER", "INFO");
        return info.Contains("cluster_state:ok", StringComparison.Ordinal) && await HasLinksAsync(node);
    }

    /// <summary>It publishes to a node only once they have shaken hands and a link stands.</summary>
    private static async Task<bool> HasLinksAsync(RedisServer node)
    {
        var others = (await node.CliAsync("CLUSTER", "NODES")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return others.Length == 3 && others.All(other => other.Split(' ') is [_, _, "master" or "myself,master", _, _, _, _, "connected", ..]);
    }
}
