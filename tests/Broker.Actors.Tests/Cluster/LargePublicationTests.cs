using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Cluster;

public sealed class LargePublicationTests
{
    [Theory]
    [InlineData("")]
    [InlineData("history = null, history {}")]
    public async Task A_publication_of_any_size_that_Redis_let_in_reaches_every_node(string settings)
    {
        // Links took 64 KiB: a longer publication was lost on the way, and with history asked for again for ever.
        await using var cluster = await ClusteredNodes.StartAsync(2, "outbox = 64MiB, " + settings);
        var payload = new byte[5 << 20];
        new Random(1).NextBytes(payload);

        // Enough channels for either node to own some.
        foreach (var channel in Enumerable.Range(0, 6).Select(i => ChannelName.Broadcast($"large-{i}")))
        {
            await using var one = await Reading.OfAsync(cluster.Nodes[0], channel);
            await using var other = await Reading.OfAsync(cluster.Nodes[1], channel);
            var keys = new RedisKeys(channel.ToRedis(""));

            await cluster.Nodes[0].Bus.PublishAsync(keys, [new OutgoingPublication(payload, null, null, 0), new OutgoingPublication([1], null, null, 0)]);

            foreach (var reading in new[] { one, other })
            {
                await reading.UntilCountAsync(2);
                Assert.True(payload.AsSpan().SequenceEqual(reading.Publications[0].Payload.Span));
            }
        }
    }
}
