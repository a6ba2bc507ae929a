using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Presence;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Rich;

public sealed class RichSubscriberTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    private readonly Recorder _client = new();

    [Theory]
    [InlineData("e", 7)]
    [InlineData("e", 5)]
    [InlineData("other", 6)]
    public void After_a_publication_that_is_not_the_next_one_nothing_comes_any_more_and_its_actor_is_told_once(string epoch, long offset)
    {
        var subscriber = Live(RecoveryMode.On);

        subscriber.Deliver(new Dispatch(new RelayBatch([At(epoch, offset)]), null));
        subscriber.Deliver(new Dispatch(new RelayBatch([At("e", 6)]), null));
        subscriber.MembersChanged(new MembersChange([new MemberChange(new ClientInfo("john", "c", default, default), true)]));
        subscriber.Left();

        Assert.Equal("broadcast:news", ExpectMsg<SubscriptionBroken>().Life.Join.Name);
        Assert.Same(subscriber, ExpectMsg<SubscriberLeft>().Subscriber);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Assert.Single(_client.Lines);
    }

    [Fact]
    public void Without_history_nobody_looks_at_offsets()
    {
        var subscriber = Live(RecoveryMode.Off);

        subscriber.Deliver(new Dispatch(new RelayBatch([At("other", 9)]), null));

        Assert.Equal("{\"push\":{\"channel\":\"broadcast:news\",\"pub\":{\"data\":9}}}", _client.Lines[^1]);
    }

    /// <summary>An answer to a subscribe that had timed out came too, when the join was answered just before its withdrawal.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_join_that_is_withdrawn_is_answered_once(bool joins)
    {
        var subscriber = Subscriber(RecoveryMode.On);
        if (joins) subscriber.JoinedLive(new StreamPosition("e", 5));
        subscriber.SayFarewell(new Farewell("pushed\n"u8.ToArray(), "refused\n"u8.ToArray()));

        subscriber.Left();
        subscriber.Left();
        subscriber.JoinedLive(new StreamPosition("e", 5));
        subscriber.Deliver(new Dispatch(new RelayBatch([At("e", 6)]), null));

        Assert.Same(subscriber, ExpectMsg<SubscriberLeft>().Subscriber);
        Assert.Equal(joins ? 2 : 1, _client.Lines.Count);
        Assert.Equal(joins ? "pushed" : "refused", _client.Lines[^1]);
    }

    private RichSubscriber Live(RecoveryMode recovery)
    {
        var subscriber = Subscriber(recovery);
        subscriber.Joining(new StreamPosition("e", 5), recovered: false);
        subscriber.JoinedLive(new StreamPosition("e", 5));
        return subscriber;
    }

    private RichSubscriber Subscriber(RecoveryMode recovery)
    {
        var settings = BrokerSettings.Read(Configuration.Default());
        var options = settings.OptionsOf(News) with { Recovery = recovery, History = recovery == RecoveryMode.Off ? null : new HistoryLimits(10, TimeSpan.FromMinutes(1)) };
        var outbox = new Outbox(new PlainQueue(1 << 20, 0), (_, _) => { });
        outbox.Attach(_client);
        var output = new RichOutput(outbox, RichClient.LineFraming.Instance);
        return new RichSubscriber(new AskedFor(1, TestActor, new RichJoin(News, "broadcast:news", options, default, false, default, default, "me", null, false), output));
    }

    private static Publication At(string epoch, long offset) => new(News, new StreamPosition(epoch, offset), Encoding.UTF8.GetBytes($"{offset}"));

    private sealed class Recorder : IClientTransport
    {
        public List<string> Lines { get; } = [];

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            foreach (var frame in frames) Lines.AddRange(Encoding.UTF8.GetString(frame.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            return default;
        }

        public void Close(CloseReason reason)
        {
        }
    }
}

/// <summary>A relay that fails is made anew; rich clients go on, or are told.</summary>
public sealed class FailingRelayTests
{
    [Fact]
    public async Task A_client_whose_relay_fails_misses_nothing_and_hears_nothing_of_it()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        var framing = new RichClient.LineFraming();
        var client = await RichClient.ConnectAsync(test, framing: framing);
        await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:news\"}");

        framing.FailOnceOver("\"data\":5");
        for (var number = 1; number <= 20; number++) await TestNode.UntilTakenAsync(() => test.Node.Publisher("news", Audiences.Audience.Broadcast).PublishAsync($"{number}", publishId: $"{number}"));

        await client.UntilPublicationsAsync(20);
        Assert.Equal(Enumerable.Range(1, 20).Select(number => $"{number}"), client.Publications);
        Assert.DoesNotContain(client.Pushes, push => push.TryGetProperty("unsubscribe", out _));
    }
}
