using System.Diagnostics;
using System.Globalization;

namespace Broker.Testing.Redis;

/// <summary>A real Redis Cluster of three masters on this machine.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
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
        null, "--cluster-enabled", "yes", "--cluster-port", RedisServer.FreePort().ToString(CultureInfo.InvariantCulture), "--cluster-node-timeout", "5000");

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
        return info.Contains("cluster_state:ok", StringComparison.Ordinal) && info.Contains("cluster_known_nodes:3", StringComparison.Ordinal);
    }
}
