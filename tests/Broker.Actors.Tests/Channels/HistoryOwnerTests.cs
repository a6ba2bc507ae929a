using System.Diagnostics.Metrics;
using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;
using Broker.Testing.Logging;

namespace Broker.Actors.Tests.Channels;

/// <summary>What the owner of a channel with history tells its relays when Redis fails.</summary>
public sealed class HistoryOwnerTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");
    private static readonly RedisKeys Keys = new("broadcast:news");

    private readonly Logs _logs = new();
    private readonly InMemoryStore _store = new();
    private readonly FaultyBus _bus;

    public HistoryOwnerTests() => _bus = new FaultyBus(new InMemoryBus(_store));

    [Fact]
    public async Task A_batch_that_two_scripts_share_keeps_its_order_when_the_first_one_fails()
    {
        // The first script failed and the batch was refused, but the rest of it stayed and was appended before the batch came again.
        var owner = Owner(size: 10000);
        var whole = Batch(Ledger.MaxBatchCount + 100);
        _bus.FailNextAppend(carriedOut: false);
        owner.Tell(new PublishBatch(News, "relay", 1, whole), TestActor);
        var refused = FishForMessage<BatchRefused>(_ => true, TestNode.Soon);

        owner.Tell(new PublishBatch(News, "relay", 2, whole), TestActor);
        var published = FishForMessage<BatchPublished>(answer => answer.Number == 2, TestNode.Soon);

        Assert.True(refused.MayRepeat);
        Assert.Equal(Enumerable.Range(1, whole.Count).Select(i => (long)i), published.Positions.Select(position => position.Offset));
        var stored = await _bus.ReadHistoryAsync(Keys, 0, 10000, 1 << 20);
        Assert.Equal(whole.Select(one => one.PublishId), stored.Publications.Select(one => one.PublishId));
    }

    [Theory]
    [InlineData(49, false)]
    [InlineData(50, true)]
    public void A_batch_of_unknown_outcome_may_be_repeated_only_if_the_history_can_hold_all_of_it(int size, bool mayRepeat)
    {
        // A batch of 50 on a history of 10 was said to be repeatable: the history told 10 repeats, and 40 were there twice.
        var owner = Owner(size);
        _bus.FailNextAppend(carriedOut: true);

        owner.Tell(new PublishBatch(News, "relay", 1, Batch(50)), TestActor);

        Assert.Equal(mayRepeat, FishForMessage<BatchRefused>(_ => true, TestNode.Soon).MayRepeat);
    }

    [Fact]
    public async Task A_recovery_that_Redis_refuses_is_said_once_and_works_when_it_is_asked_again()
    {
        // Each such question was put to Redis four times a second for ever, and nobody was told.
        var owner = Owner(size: 10);
        _bus.HistoryFault = new RedisRefusedException("NOPERM");
        for (var ticket = 1; ticket <= 5; ticket++) owner.Tell(new ReadMissed(News, ticket, new StreamPosition("e", 0)), TestActor);
        await TestNode.UntilAsync(() => _logs.Lines.Count > 0, "a line in the log");
        _bus.HistoryFault = null;

        owner.Tell(new ReadMissed(News, 6, new StreamPosition("e", 0)), TestActor);

        FishForMessage<Missed>(missed => missed.Ticket == 6, TestNode.Soon);
        Assert.Single(_logs.Lines, line => line.Contains("NOPERM", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_appended_together_goes_to_the_relays_in_messages_that_a_link_between_nodes_takes()
    {
        // One script's publications, up to 1 MiB, went out in one message.
        var owner = Owner(size: 10000);
        var batch = Enumerable.Range(1, 100).Select(i => new OutgoingPublication(new byte[4096], $"p{i}", null, 0)).ToList();
        owner.Tell(new PublishBatch(News, "relay", 1, batch), TestActor);

        var got = new List<Publication>();
        while (got.Count < batch.Count)
        {
            var message = FishForMessage<Publications>(_ => true, TestNode.Soon);
            Assert.InRange(message.Items.Sum(one => one.Weight), 1, PublicationsFrame.MaxBytes);
            got.AddRange(message.Items);
        }

        Assert.Equal(batch.Select(one => one.PublishId), got.Select(one => one.PublishId));
    }

    [Fact]
    public async Task What_finds_no_room_is_counted_when_it_is_dropped()
    {
        // It was counted with the next page of the history that was read, if ever.
        var lost = 0L;
        using var meter = new MeterListener();
        var metrics = new BrokerMetrics(() => true);
        meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == metrics.Meter && instrument.Name == "broker.publications.lost") listener.EnableMeasurementEvents(instrument);
        };
        meter.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref lost, count));
        meter.Start();
        var takesOver = new TaskCompletionSource();
        _bus.BeforeNextTakeOver(() => takesOver.Task);
        NewOwner(size: 10, metrics).Tell(new Attach(News, "relay", 1, new StreamPosition("", 0)), TestActor);

        await using var stranger = new InMemoryBus(_store);
        await TestNode.UntilAsync(
            () =>
            {
                stranger.PublishAsync(Keys, [new OutgoingPublication([1], null, null, 0)]);
                return Interlocked.Read(ref lost) > 0;
            },
            "a drop");
        takesOver.SetResult();
    }

    [Fact]
    public async Task A_take_over_whose_mark_does_not_come_is_done_again()
    {
        // After a fail-over the old master came back and was given the commands, while the subscriptions stayed at the new one: no mark came, and the channel was stuck for good.
        await using var former = new InMemoryBus(new InMemoryStore());
        _bus.TakeOverNextOn(former);

        NewOwner(size: 10, new BrokerMetrics(() => true)).Tell(new Attach(News, "relay", 1, new StreamPosition("", 0)), TestActor);

        FishForMessage<Attached>(attached => attached.Ready, TestNode.Soon);
    }

    private static List<OutgoingPublication> Batch(int count) =>
        [.. Enumerable.Range(1, count).Select(i => new OutgoingPublication([(byte)i], $"p{i}", null, 0))];

    private IActorRef Owner(int size)
    {
        var owner = NewOwner(size, new BrokerMetrics(() => true));
        owner.Tell(new Attach(News, "relay", 1, new StreamPosition("", 0)), TestActor);
        FishForMessage<Attached>(attached => attached.Ready, TestNode.Soon);
        return owner;
    }

    private IActorRef NewOwner(int size, BrokerMetrics metrics)
    {
        var settings = BrokerSettings.Read(Configuration.Parse("broker.channel.max-waiting = 4"));
        var services = new BrokerServices(Sys, _bus, settings, metrics, _logs, TimeProvider.System, null);
        return Sys.ActorOf(Props.Create(() => new HistoryChannelActor(new HistoryLimits(size, TimeSpan.FromMinutes(1)), services)));
    }
}
