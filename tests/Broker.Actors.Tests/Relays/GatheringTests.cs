using Broker.Actors.Channels;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Relays;

/// <summary>A relay that is behind dispatches what waits for it as one batch, and nothing overtakes it.</summary>
public sealed class GatheringTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Fact]
    public void What_is_gathered_is_taken_once_and_in_order_and_is_bounded_in_number_and_bytes()
    {
        var gathered = new Gathered();
        Publication[] alone = [Number(1, 10)];
        gathered.Add(alone);
        Assert.Same(alone, gathered.TakeAll());
        Assert.True(gathered.IsEmpty);

        gathered.Add([Number(2, 10)]);
        gathered.Add([Number(3, 10), Number(4, 10)]);
        Assert.False(gathered.IsFull);
        Assert.Equal([2, 3, 4], gathered.TakeAll().Select(one => one.Position.Offset));
        Assert.Empty(gathered.TakeAll());

        for (var i = 0; i < 511; i++) gathered.Add([Number(i, 0)]);
        Assert.False(gathered.IsFull);
        gathered.Add([Number(512, 0)]);
        Assert.True(gathered.IsFull);
        gathered.TakeAll();

        gathered.Add([Number(1, 65_000)]);
        Assert.False(gathered.IsFull);
        gathered.Add([Number(2, 1000)]);
        Assert.True(gathered.IsFull);
    }

    [Fact]
    public void What_waits_behind_a_publication_is_dispatched_with_it_and_a_client_that_joins_or_leaves_in_between_gets_its_share()
    {
        var owner = CreateTestProbe();
        var relay = StartRelay(owner);
        relay.Tell(new Attached(new StreamPosition("e", 0), Ready: true, HistorySize: 0), owner.Ref);
        using var gate = new ManualResetEventSlim();
        var (slow, early, late) = (new Listener(TestActor, gate), new Listener(TestActor), new Listener(TestActor));
        foreach (var subscriber in new[] { slow, early }) relay.Tell(new Join(News, subscriber), TestActor);
        for (var i = 0; i < 2; i++) ExpectMsg<Joined>();

        // The first batch holds the relay up while all the rest comes.
        relay.Tell(new Publications([Number(1)]), owner.Ref);
        slow.Entered.Wait(TimeSpan.FromSeconds(20));
        for (var number = 2; number <= 10; number++) relay.Tell(new Publications([Number(number)]), owner.Ref);
        relay.Tell(new Leave(News, early), TestActor);
        relay.Tell(new Join(News, late), TestActor);
        for (var number = 11; number <= 20; number++) relay.Tell(new Publications([Number(number)]), owner.Ref);
        gate.Set();

        Assert.Equal(new StreamPosition("e", 10), ExpectMsg<Joined>().Position);
        AwaitAssert(() => Assert.Equal(["1", "2-10", "11-20"], slow.Batches), TimeSpan.FromSeconds(20));
        Assert.Equal(["1", "2-10"], early.Batches);
        AwaitAssert(() => Assert.Equal(["11-20"], late.Batches), TimeSpan.FromSeconds(20));
    }

    private IActorRef StartRelay(TestProbe channels)
    {
        var settings = BrokerSettings.Read(Configuration.Default());
        var services = new BrokerServices(Sys, new InMemoryBus(), settings, new BrokerMetrics(() => true), NullLogger.Instance, TimeProvider.System, null);
        return Sys.ActorOf(Props.Create(() => new RelayActor(News, channels.Ref, services)));
    }

    private static Publication Number(long number, int size = 1) => new(News, new StreamPosition("e", number), new byte[size]);

    private sealed class Listener(IActorRef owner, ManualResetEventSlim? gate = null) : Subscriber(owner, "", JoinMode.Live)
    {
        private readonly List<string> _batches = [];

        public ManualResetEventSlim Entered { get; } = new();

        public IReadOnlyList<string> Batches
        {
            get { lock (_batches) return [.. _batches]; }
        }

        public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
        {
        }

        public override int Deliver(Dispatch dispatch)
        {
            var (first, last) = (dispatch.Batch.Publications[0].Position.Offset, dispatch.End.Offset);
            lock (_batches) _batches.Add(first == last ? $"{first}" : $"{first}-{last}");
            Entered.Set();
            gate?.Wait(TimeSpan.FromSeconds(20));
            return dispatch.Batch.Publications.Count;
        }
    }
}
