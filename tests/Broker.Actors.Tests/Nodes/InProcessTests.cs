using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Settings;

namespace Broker.Actors.Tests.Nodes;

public sealed class InProcessTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("")]
    [InlineData("history { \"*\" { size = 100, ttl = 1m } }")]
    public async Task What_code_publishes_reaches_code_that_subscribes_in_order(string history)
    {
        await using var node = await BrokerNode.StartAsync(Configuration.Parse($"broker {{ redis.connection = \"\", shutdown.drain = 0s, {history} }}"));
        await using var subscription = node.SubscribeAsync(ChannelName.Broadcast("news"));
        await subscription.StartAsync().WaitAsync(Soon);

        var publisher = node.Publisher("news", Audience.Broadcast);
        for (var i = 0; i < 100; i++) await publisher.PublishAsync($"{i}").WaitAsync(Soon);

        using var limit = new CancellationTokenSource(Soon);
        var received = new List<string>();
        await foreach (var publication in subscription.WithCancellation(limit.Token))
        {
            received.Add(Encoding.UTF8.GetString(publication.Payload.Span));
            if (received.Count == 100) break;
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), received);
    }
}
