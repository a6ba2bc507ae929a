using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Relays;

/// <summary>How long a publish waits while its channel has no owner.</summary>
public sealed class WaitingTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_publish_expires_however_many_follow_it()
    {
        // Every publish began the wait for the next attempt anew: with more than four in a second there was none, and what had waited too long waited on.
        var (relay, services) = StartRelay(CreateTestProbe());
        var ticket = new AwaitedTicket();
        relay.Tell(Publish(ticket, services.Now), TestActor);

        for (var deadline = DateTime.UtcNow + Soon; !ticket.Result.IsCompleted && DateTime.UtcNow < deadline; await Task.Delay(20))
            relay.Tell(Publish(new AwaitedTicket(), TimeSpan.MaxValue), TestActor);

        Assert.True(ticket.Result.IsCompleted);
        Assert.Equal(PublishFailure.Unavailable, (await ticket.Result).Failure);
    }

    [Fact]
    public async Task What_has_expired_when_the_owner_comes_is_not_sent()
    {
        var owner = CreateTestProbe();
        owner.IgnoreMessages<Attach>();
        var (relay, services) = StartRelay(owner);
        var ticket = new AwaitedTicket();
        relay.Tell(Publish(ticket, services.Now), TestActor);
        relay.Tell(Publish(new AwaitedTicket(), TimeSpan.MaxValue), TestActor);

        relay.Tell(new Attached(new StreamPosition("e", 0), Ready: true, HistorySize: 0), owner.Ref);

        Assert.Single(owner.ExpectMsg<PublishBatch>().Publications);
        Assert.Equal(PublishFailure.Unavailable, (await ticket.Result.WaitAsync(Soon)).Failure);
    }

    [Fact]
    public async Task Whoever_sets_the_clock_ends_no_publish()
    {
        // Set an hour forward, all that waited failed at once; set back, it waited an hour too long.
        var owner = CreateTestProbe();
        owner.IgnoreMessages<Attach>();
        var clock = new SetClock();
        var (relay, services) = StartRelay(owner, clock);
        var (waits, late) = (new AwaitedTicket(), new AwaitedTicket());
        relay.Tell(Publish(waits, services.Now + TimeSpan.FromMinutes(1)), TestActor);
        relay.Tell(Publish(late, services.Now), TestActor);

        clock.By = TimeSpan.FromHours(1);
        relay.Tell(new Attached(new StreamPosition("e", 0), Ready: true, HistorySize: 0), owner.Ref);
        var batch = owner.ExpectMsg<PublishBatch>();
        relay.Tell(new BatchPublished(batch.Number, []), owner.Ref);

        Assert.Null((await waits.Result.WaitAsync(Soon)).Failure);
        Assert.Equal(PublishFailure.Unavailable, (await late.Result.WaitAsync(Soon)).Failure);
    }

    private (IActorRef Relay, BrokerServices Services) StartRelay(TestProbe channels, TimeProvider? time = null)
    {
        var settings = BrokerSettings.Read(Configuration.Default());
        var services = new BrokerServices(Sys, new InMemoryBus(), settings, new BrokerMetrics(() => true), NullLogger.Instance, time ?? TimeProvider.System, null);
        return (Sys.ActorOf(Props.Create(() => new RelayActor(News, channels.Ref, services))), services);
    }

    private static RelayPublish Publish(AwaitedTicket ticket, TimeSpan until) =>
        new(News, new OutgoingPublication([1], "id", null, 0), ticket, until, Retry: false);

    /// <summary>Somebody sets the clock: the time of day jumps, but no time passes.</summary>
    private sealed class SetClock : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + By;
    }
}
