using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Builtin;

/// <summary>What a client costs while nothing happens, without its socket and its plan. What it costs to come and go is in bench/.</summary>
[Collection("alone")]
public sealed class FootprintTests
{
    private static readonly ConnectionPlan Plan = new(Caller.Anonymous, [ChannelName.Broadcast("news")], [], Echo: true);

    [Fact]
    public async Task An_idle_connection_with_one_subscription_costs_at_most_1800_bytes()
    {
        const int count = 10_000;
        await using var test = await TestNode.StartAsync();
        await OpenAsync(test, count / 2); // What the first ones load is no connection's.
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var connections = await OpenAsync(test, count);

        var bytes = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / count;
        Assert.InRange(bytes, 300, 1800);
        GC.KeepAlive(connections);
    }

    private static async Task<WireConnection[]> OpenAsync(TestNode test, int count)
    {
        var connections = new WireConnection[count];
        for (var i = 0; i < count; i++)
        {
            connections[i] = await test.Node.OpenAsync(Plan, LineFormat.Instance);
            connections[i].Attach(Silence.Instance);
            await connections[i].Subscribed.WaitAsync(TestNode.Soon);
        }

        return connections;
    }

    private sealed class Silence : IClientTransport
    {
        public static readonly Silence Instance = new();

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames) => default;

        public void Close(CloseReason reason)
        {
        }
    }
}

/// <summary>Other tests' allocations would be counted too.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
