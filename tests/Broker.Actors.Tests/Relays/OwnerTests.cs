using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Relays;

/// <summary>What a relay believes of whom, with a link between them that loses messages.</summary>
public sealed class OwnerTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Fact]
    public void A_relay_that_has_not_heard_that_its_owner_is_ready_asks_when_it_is_told_where_the_channel_stands()
    {
        var owner = CreateTestProbe();
        var relay = StartRelay(owner);
        relay.Tell(new Join(News, new Listener(TestActor)), TestActor);
        owner.ExpectMsg<Attach>();
        relay.Tell(new Attached(new StreamPosition("e", 0), Ready: false, HistorySize: 0), owner.Ref);

        // The answer that it is ready is lost.
        relay.Tell(new Standing(new StreamPosition("e", 3)), owner.Ref);
        owner.ExpectMsg<Attach>();
        relay.Tell(new Attached(new StreamPosition("e", 3), Ready: true, HistorySize: 0), owner.Ref);

        Assert.Equal(new StreamPosition("e", 3), ExpectMsg<Joined>().Position);
    }

    /// <summary>Its farewell, late, made the batch at the present owner fail as if nobody knew what had become of it.</summary>
    [Fact]
    public async Task What_a_former_owner_says_does_not_end_a_batch_at_the_present_one()
    {
        var (owner, former) = (CreateTestProbe(), CreateTestProbe());
        owner.IgnoreMessages<Attach>();
        var relay = StartRelay(owner);
        relay.Tell(new Attached(new StreamPosition("e", 0), Ready: true, HistorySize: 0), owner.Ref);
        var ticket = new AwaitedTicket();
        relay.Tell(new RelayPublish(News, new OutgoingPublication([1], "id", null, 0), ticket, TimeSpan.MaxValue, Retry: false), TestActor);
        var batch = owner.ExpectMsg<PublishBatch>();

        relay.Tell(new Detached(News), former.Ref);
        relay.Tell(new BatchPublished(batch.Number, []), owner.Ref);

        Assert.Null((await ticket.Result.WaitAsync(TimeSpan.FromSeconds(20))).Failure);
    }

    /// <summary>While a shard moved, publishes on channels without history failed as if nobody knew what had become of them, though no owner had sent them.</summary>
    [Fact]
    public async Task What_an_owner_that_stops_has_not_taken_goes_to_the_next_one()
    {
        var (owner, next) = (CreateTestProbe(), CreateTestProbe());
        var relay = StartRelay(owner);
        relay.Tell(new Attached(new StreamPosition("e", 0), Ready: true, HistorySize: 0), owner.Ref);
        var ticket = new AwaitedTicket();
        relay.Tell(new RelayPublish(News, new OutgoingPublication([1], "id", null, 0), ticket, TimeSpan.MaxValue, Retry: false), TestActor);
        owner.IgnoreMessages<Attach>();
        var batch = owner.ExpectMsg<PublishBatch>();

        relay.Tell(new BatchReturned(batch.Number), owner.Ref);
        relay.Tell(new Attached(new StreamPosition("f", 0), Ready: true, HistorySize: 0), next.Ref);
        Assert.Equal(batch.Publications, next.ExpectMsg<PublishBatch>().Publications);
        relay.Tell(new BatchPublished(batch.Number, []), next.Ref);

        Assert.Null((await ticket.Result.WaitAsync(TimeSpan.FromSeconds(20))).Failure);
    }

    /// <summary>A paused owner woke up and refused what the present one was about to publish: the publisher was told that nothing had been published.</summary>
    [Fact]
    public async Task What_a_former_owner_refuses_the_present_one_may_still_publish()
    {
        var (owner, former) = (CreateTestProbe(), CreateTestProbe());
        owner.IgnoreMessages<Attach>();
        var relay = StartRelay(owner);
        relay.Tell(new Attached(new StreamPosition("e", 0), Ready: true, HistorySize: 1000), owner.Ref);
        var ticket = new AwaitedTicket();
        relay.Tell(new RelayPublish(News, new OutgoingPublication([1], "id", null, 0), ticket, TimeSpan.MaxValue, Retry: false), TestActor);
        var batch = owner.ExpectMsg<PublishBatch>();

        relay.Tell(BatchRefused.Unsent(batch.Number), former.Ref);
        relay.Tell(new BatchPublished(batch.Number, [new StreamPosition("e", 1)]), owner.Ref);

        Assert.Equal(new StreamPosition("e", 1), (await ticket.Result.WaitAsync(TimeSpan.FromSeconds(20))).Position);
    }

    /// <summary>A publication that was lost on the way came as the last value to who had just joined, and once more when the gap was noticed.</summary>
    [Fact]
    public void A_last_value_that_the_relay_has_missed_as_a_publication_is_fetched_as_one()
    {
        var owner = CreateTestProbe();
        owner.IgnoreMessages<Attach>();
        var relay = StartRelay(owner);
        relay.Tell(new Attached(new StreamPosition("e", 10), Ready: true, HistorySize: 1000), owner.Ref);
        relay.Tell(new Join(News, new Listener(TestActor, JoinMode.LastValue)), TestActor);
        var asked = owner.ExpectMsg<ReadLast>();

        relay.Tell(new LastRead(asked.Ticket, [11], "id", new StreamPosition("e", 11)), owner.Ref);

        Assert.Equal(new StreamPosition("e", 10), owner.ExpectMsg<ReadMissed>().Since);
    }

    /// <summary>A node lagged behind the one that died. A client that came from there with its position was given again what its new node had yet to pass on, and thought itself further back.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_comes_with_a_position_that_the_relay_has_yet_to_reach_is_not_given_again_what_it_has(bool relayKnowsThatItIsBehind)
    {
        var owner = CreateTestProbe();
        owner.IgnoreMessages<Attach>();
        var relay = StartRelay(owner);
        relay.Tell(new Attached(At(90), Ready: true, HistorySize: 1000), owner.Ref);
        if (relayKnowsThatItIsBehind) relay.Tell(new Standing(At(94)), owner.Ref);
        var filling = relayKnowsThatItIsBehind ? owner.ExpectMsg<ReadMissed>() : null;
        var client = new Listener(TestActor, JoinMode.Since, At(94));
        relay.Tell(new Join(News, client), TestActor);

        relay.Tell(new Missed(owner.ExpectMsg<ReadMissed>(asked => Assert.Equal(At(94), asked.Since)).Ticket, true, At(94), [], More: false), owner.Ref);
        filling ??= owner.ExpectMsg<ReadMissed>();
        Assert.Equal(At(90), filling.Since);
        relay.Tell(new Publications([Number(95)]), owner.Ref);
        relay.Tell(new Missed(filling.Ticket, true, At(94), [Number(91), Number(92), Number(93), Number(94)], More: false), owner.Ref);
        var joined = ExpectMsg<Joined>();
        relay.Tell(new Publications([Number(96)]), owner.Ref);
        relay.Tell(new Leave(News, client), TestActor);

        ExpectMsg<string>();
        Assert.Equal((true, At(95)), (joined.Recovered, joined.Position));
        Assert.Equal([At(95), At(96)], client.Got);
    }

    private static StreamPosition At(long offset) => new("e", offset);

    private static Publication Number(long number) => new(News, At(number), new[] { (byte)number });

    private IActorRef StartRelay(TestProbe channels)
    {
        var bus = new InMemoryBus();
        var settings = BrokerSettings.Read(Configuration.Default());
        var services = new BrokerServices(Sys, bus, settings, new BrokerMetrics(() => true), NullLogger.Instance, TimeProvider.System, null);
        return Sys.ActorOf(Props.Create(() => new RelayActor(News, channels.Ref, services)));
    }

    private sealed class Listener(IActorRef owner, JoinMode mode = JoinMode.Live, StreamPosition since = default) : Subscriber(owner, "", mode, since)
    {
        public List<StreamPosition> Got { get; } = [];

        public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
        {
        }

        public override int Deliver(Dispatch dispatch)
        {
            Got.AddRange(dispatch.Batch.Publications.Select(publication => publication.Position));
            return 0;
        }

        public override void Left() => Owner.Tell("left");
    }
}
