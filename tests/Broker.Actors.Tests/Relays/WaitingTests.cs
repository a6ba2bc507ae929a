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
        relay.Tell(Publish(ticket, services.Time.GetUtcNow()), TestActor);

        for (var deadline = DateTime.UtcNow + Soon; !ticket.Result.IsCompleted && DateTime.UtcNow < deadline; await Task.Delay(20))
            relay.Tell(Publish(new AwaitedTicket(), DateTimeOffset.MaxValue), TestActor);

        Assert.True(ticket.Result.IsCompleted);
        Assert.Equal(PublishFailure.Unavailable, (await ticket.Result).Failure);
    }

    [Fact]
    public async Task What_has_expired_when_the_owner_comes_is_not_sent()
    {
        var owner = CreateTestProbe();
        var (relay, services) = StartRelay(owner);
        var ticket = new AwaitedTicket();
        relay.Tell(Publish(ticket, services.Time.GetUtcNow()), TestActor);
        relay.Tell(Publish(new AwaitedTicket(), DateTimeOffset.MaxValue), TestActor);

        owner.IgnoreMessages<Attach>();
        relay.Tell(new Attached(new StreamPosition("e", 0), Ready: true, HasHistory: false), owner.Ref);

        Assert.Single(owner.ExpectMsg<PublishBatch>().Publications);
        Assert.Equal(PublishFailure.Unavailable, (await ticket.Result.WaitAsync(Soon)).Failure);
    }

    private (IActorRef Relay, BrokerServices Services) StartRelay(TestProbe channels)
    {
        var settings = BrokerSettings.Read(Configuration.Default());
        var services = new BrokerServices(Sys, new InMemoryBus(), settings, new BrokerMetrics(() => true), NullLogger.Instance, TimeProvider.System, null);
        return (Sys.ActorOf(Props.Create(() => new RelayActor(News, channels.Ref, services))), services);
    }

    private static RelayPublish Publish(AwaitedTicket ticket, DateTimeOffset until) =>
        new(News, new OutgoingPublication([1], "id", null, 0), ticket, until, Retry: false);
}
