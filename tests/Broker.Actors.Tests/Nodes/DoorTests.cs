using Broker.Actors.Channels;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Broker.Actors.Subscribing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Nodes;

/// <summary>An application's actors at the door, with a relay whose turns the test takes.</summary>
public sealed class DoorTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Fact]
    public void Who_subscribes_again_gets_what_the_new_subscription_gets_and_nothing_from_the_former()
    {
        // Nothing orders the former one's leave and the new one's join: in between both told the actor, each publication twice and out of order.
        var relays = CreateTestProbe();
        var door = StartDoor(relays);
        door.Tell(new Subscribe(News, TestActor), TestActor);
        var former = relays.ExpectMsg<Join>().Subscriber;
        former.Joining(At(0), recovered: false);
        former.Deliver(Number(1));
        ExpectMsg<Subscribed>();
        Assert.Equal(At(1), ExpectMsg<Publication>().Position);

        relays.IgnoreMessages<Leave>();
        door.Tell(new Subscribe(News, TestActor), TestActor);
        var present = relays.ExpectMsg<Join>().Subscriber;
        present.Joining(At(1), recovered: false);
        former.Joining(At(1), recovered: false);
        foreach (var number in new[] { 2, 3 }) foreach (var subscriber in new[] { present, former }) subscriber.Deliver(Number(number));

        Assert.Equal(At(1), ExpectMsg<Subscribed>().Position);
        Assert.Equal(At(2), ExpectMsg<Publication>().Position);
        Assert.Equal(At(3), ExpectMsg<Publication>().Position);
        TestActor.Tell("no more", TestActor);
        ExpectMsg("no more");
    }

    [Fact]
    public void Who_came_with_a_position_without_an_epoch_joins_again_when_its_relay_fails_before_it_has_joined()
    {
        // default(StreamPosition) has no epoch at all: the subscription failed over it.
        var (relays, relay) = (CreateTestProbe(), CreateTestProbe());
        StartDoor(relays).Tell(new Subscribe(News, TestActor, default(StreamPosition)), TestActor);
        var subscriber = relays.ExpectMsg<Join>().Subscriber;
        subscriber.Owner.Tell(new JoinsAt(subscriber, relay.Ref), TestActor);

        Sys.Stop(relay.Ref);

        Assert.NotSame(subscriber, relays.ExpectMsg<Join>().Subscriber);
    }

    private IActorRef StartDoor(TestProbe relays)
    {
        var settings = BrokerSettings.Read(Configuration.Default());
        var services = new BrokerServices(Sys, new InMemoryBus(), settings, new BrokerMetrics(() => true), NullLogger.Instance, TimeProvider.System, null);
        return Sys.ActorOf(Props.Create(() => new DoorActor(relays.Ref, services)));
    }

    private static StreamPosition At(long offset) => new("e", offset);

    private static Dispatch Number(long number) => new(new RelayBatch([new Publication(News, At(number), Array.Empty<byte>())]), null);
}
