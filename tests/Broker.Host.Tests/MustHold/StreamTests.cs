using System.Globalization;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.MustHold;

/// <summary>Streams of other services: the node that publishes one is killed in the middle.</summary>
[Collection(Alone.Name)]
public sealed class StreamTests
{
    private const int Entries = 20_000;

    [Theory]
    [InlineData("", true)]
    [InlineData("history { \"*\" { size = 50000, ttl = 10m } }", false)]
    public async Task When_the_node_that_reads_a_stream_is_killed_another_publishes_the_rest_in_order(string history, bool mayRepeat)
    {
        await using var redis = await RedisServer.StartAsync();
        using var listener = redis.StartCli("SUBSCRIBE", "broadcast:orders");
        var heard = new List<int>();
        var listening = ListenAsync(listener.StandardOutput, heard);

        // Three, because of two Akka.NET's would both end if the older one is killed.
        ServerProcess[] nodes = [await StartAsync(redis, history), await StartAsync(redis, history), await StartAsync(redis, history)];
        await redis.PipeAsync(Enumerable.Range(0, Entries).Select(i => (string[])["XADD", "orders", "*", "data", i.ToString(CultureInfo.InvariantCulture)]));
        await Eventually.IsTrueAsync(() => Count(heard) > 500);

        nodes.Single(Publishes).Signal("-KILL");
        var killedAt = Count(heard);
        await Eventually.IsTrueAsync(() => Count(heard) >= Entries && redis.CliAsync("XPENDING", "orders", "broker").Result.StartsWith('0'));

        Assert.InRange(killedAt, 500, Entries - 1);
        Assert.Equal(Enumerable.Range(0, Entries), heard.Distinct());
        Assert.True(mayRepeat ? heard.Count - Entries <= 100 : heard.Count == Entries, $"{heard.Count} publications");
        listener.Kill();
        await listening;
        foreach (var node in nodes) await node.DisposeAsync();
    }

    private static Task<ServerProcess> StartAsync(RedisServer redis, string history) => Servers.StartAsync(
        redis.ConnectionString,
        $$"""cluster { enabled = on, lease = 1s }, streams = [ { stream = "orders", group = "broker", channel = "broadcast:orders", field = "data" } ], {{history}}""");

    private static bool Publishes(ServerProcess node) => node.Output.Contains("This node publishes stream orders", StringComparison.Ordinal);

    private static int Count(List<int> heard)
    {
        lock (heard) return heard.Count;
    }

    /// <summary>What redis-cli prints of each publication: its kind, its channel, its payload.</summary>
    private static async Task ListenAsync(StreamReader output, List<int> heard)
    {
        for (var i = 0; await output.ReadLineAsync() is { } line; i++)
        {
            if (i < 3 || i % 3 != 2) continue;
            lock (heard) heard.Add(int.Parse(line, CultureInfo.InvariantCulture));
        }
    }
}
