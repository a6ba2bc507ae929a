using Broker.Actors.Channels;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Broker.Actors.Subscribing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Nodes;

/// <summary>Subscriptions of in-process code that end without having been asked to.</summary>
public sealed class EndingTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public void An_actor_whose_relay_fails_again_and_again_is_unsubscribed()
    {
        var relays = CreateTestProbe();
        StartDoor(relays).Tell(new Subscribe(News, TestActor), TestActor);

        for (var failure = 0; failure < 6; failure++) FailRelay(relays);

        Assert.Equal(new Unsubscribed(News, UnsubscribeReason.Failed), ExpectMsg<Unsubscribed>(Soon));
        relays.ExpectMsg<Leave>();
    }

    [Fact]
    public async Task Who_reads_a_subscription_whose_relay_fails_again_and_again_gets_an_exception()
    {
        var relays = CreateTestProbe();
        await using var subscription = new Subscription(News, null, StartDoor(relays), 1000, CancellationToken.None);
        var starting = subscription.StartAsync();

        for (var failure = 0; failure < 6; failure++) FailRelay(relays);

        await Assert.ThrowsAsync<SubscriptionFailedException>(() => starting.WaitAsync(Soon));
        await Assert.ThrowsAsync<SubscriptionFailedException>(() => subscription.GetAsyncEnumerator().MoveNextAsync().AsTask().WaitAsync(Soon));
    }

    [Fact]
    public async Task Who_reads_a_subscription_whose_own_actor_fails_gets_an_exception()
    {
        // The stream just waited, or ended as if all was well.
        var relays = CreateTestProbe();
        await using var subscription = new Subscription(News, null, StartDoor(relays), 1000, CancellationToken.None);
        var starting = subscription.StartAsync();
        var subscriber = relays.ExpectMsg<Join>(Soon).Subscriber;
        subscriber.Joining(new StreamPosition("e", 1), recovered: false);
        await starting.WaitAsync(Soon);
        var reading = subscription.GetAsyncEnumerator().MoveNextAsync().AsTask();

        subscriber.Owner.Tell(Kill.Instance, TestActor);

        await Assert.ThrowsAsync<SubscriptionFailedException>(() => reading.WaitAsync(Soon));
    }

    [Fact]
    public async Task A_subscription_that_begins_when_the_node_has_just_stopped_ends()
    {
        // Its order went to a door that was gone, and nobody answered.
        using var stopped = new CancellationTokenSource();
        await using var subscription = new Subscription(News, null, ActorRefs.Nobody, 1000, stopped.Token);
        var starting = subscription.StartAsync();

        await stopped.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(Soon));
    }

    private static void FailRelay(TestProbe relays)
    {
        var join = relays.ExpectMsg<Join>(Soon);
        join.Subscriber.Owner.Tell(new JoinsAt(join.Subscriber, relays.Sys.ActorOf(Props.Create(() => new Stopping()))), relays.Ref);
    }

    private IActorRef StartDoor(TestProbe relays)
    {
        var settings = BrokerSettings.Read(Configuration.Default());
        var services = new BrokerServices(Sys, new InMemoryBus(), settings, new BrokerMetrics(() => true), NullLogger.Instance, TimeProvider.System, null);
        return Sys.ActorOf(Props.Create(() => new DoorActor(relays.Ref, services)));
    }

    private sealed class Stopping : ReceiveActor
    {
        protected override void PreStart() => Context.Stop(Self);
    }
}
