using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Relays;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Connections;

public sealed class OutboxTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task All_that_several_threads_offer_before_the_close_comes_out_once_and_in_order_per_subscription()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var transport = new SlowTransport(new Random(seed), completesLate: seed % 3 > 0);
            var outbox = new Outbox(new PlainQueue(1 << 24, 4), (_, _) => { });
            var attached = seed % 2 == 0;
            if (attached) outbox.Attach(transport);

            await Task.WhenAll(Enumerable.Range(0, 4).Select(subscription => Task.Run(() => OfferAll(outbox, subscription, seed))));
            if (!attached) outbox.Attach(transport);
            outbox.Close(CloseReason.GoingAway);
            Assert.Equal(CloseReason.GoingAway, await transport.Closed.WaitAsync(Soon));

            var frames = transport.Frames;
            for (var subscription = 0; subscription < 4; subscription++)
            {
                var own = frames.Where(frame => frame.StartsWith($"{subscription}:", StringComparison.Ordinal));
                Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{subscription}:{i}"), own);
            }

            // Replays stand in the order of the subscriptions, whoever came first.
            Assert.Equal(["0:0", "1:0", "2:0", "3:0"], frames.Where(frame => frame.EndsWith(":0", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task More_than_may_wait_closes_as_slow_and_keeps_nothing()
    {
        var transport = new StuckTransport();
        var closed = new List<CloseReason>();
        var outbox = new Outbox(new PlainQueue(100, 0), (reason, _) => closed.Add(reason));
        outbox.Attach(transport);

        outbox.Offer(new byte[60]);
        outbox.Offer(new byte[40]);
        Assert.Empty(closed);
        outbox.Offer(new byte[1]);
        outbox.Offer(new byte[1]);

        Assert.Equal([CloseReason.Slow], closed);
        Assert.Equal(CloseReason.Slow, await transport.Closed.WaitAsync(Soon));
        transport.Release();
        Assert.Equal(60, transport.Written);
    }

    [Fact]
    public void What_waits_for_a_subscription_that_has_not_joined_counts_too()
    {
        var closed = new List<CloseReason>();
        var outbox = new Outbox(new PlainQueue(100, 2), (reason, _) => closed.Add(reason));

        outbox.Offer(1, Frame(new byte[60]));
        outbox.Offer(1, Frame(new byte[60]));
        Assert.Empty(closed);
        outbox.Offer(1, Frame(new byte[1]));

        Assert.Equal([CloseReason.Slow], closed);
    }

    [Fact]
    public async Task A_write_that_is_done_makes_room_again()
    {
        var transport = new StuckTransport();
        var closed = new List<CloseReason>();
        var outbox = new Outbox(new PlainQueue(100, 0), (reason, _) => closed.Add(reason));
        outbox.Attach(transport);

        for (var i = 0; i < 50; i++)
        {
            outbox.Offer(new byte[90]);
            transport.Release();
            await transport.Idle.WaitAsync(Soon);
        }

        Assert.Empty(closed);
        Assert.Equal(50 * 90, transport.Written);
    }

    [Fact]
    public async Task What_waited_when_the_connection_was_closed_before_its_transport_came_is_written_before_the_close()
    {
        // A transport that came after the close was closed at once: a client that was let in and drained at the same moment lost its replay.
        var transport = new SlowTransport(new Random(1), completesLate: false);
        var outbox = new Outbox(new PlainQueue(1000, 2), (_, _) => { });
        outbox.Offer(1, Frame("1:0"u8.ToArray()));
        outbox.Offer(0, Frame("0:0"u8.ToArray()));

        outbox.Close(CloseReason.GoingAway);
        outbox.Attach(transport);

        Assert.Equal(CloseReason.GoingAway, await transport.Closed.WaitAsync(Soon));
        Assert.Equal(["0:0", "1:0"], transport.Frames);
    }

    [Fact]
    public void What_is_offered_together_leaves_in_one_write()
    {
        // A batch with repeats taken out was offered run by run, and each run was a write of its own.
        var transport = new CountingTransport();
        var outbox = new Outbox(new PlainQueue(1000, 1), (_, _) => { });
        outbox.Attach(transport);

        outbox.Offer(0, Frame("a"u8.ToArray()), Frame("b"u8.ToArray()), Frame("c"u8.ToArray()));

        Assert.Equal(1, transport.Writes);
    }

    [Fact]
    public void A_delivery_to_a_client_that_reads_allocates_nothing()
    {
        // A list for every write, an array and an enumerator for every delivery: 200 bytes for each client of a fan-out.
        var outbox = new Outbox(new PlainQueue(1000, 1), (_, _) => { });
        outbox.Attach(new CountingTransport());
        var subscriber = new WireSubscriber(ActorRefs.Nobody, "", JoinMode.Live, default, News, outbox, 0, LineFormat.Instance, echo: true);
        subscriber.JoinedLive(default);
        var dispatch = new Dispatch(new RelayBatch([new Publication(News, default, "x"u8.ToArray())]), null);
        for (var i = 0; i < 100; i++) subscriber.Deliver(dispatch);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) subscriber.Deliver(dispatch);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Fact]
    public void Who_joins_with_nothing_to_read_keeps_no_list()
    {
        // Every client without a replay kept one until its first message, and its thread made another.
        var outboxes = Enumerable.Range(0, 1000).Select(_ => new Outbox(new PlainQueue(1000, 2), (_, _) => { })).ToArray();
        foreach (var outbox in outboxes) outbox.Attach(new CountingTransport());
        outboxes[0].Joined(0);

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var outbox in outboxes) outbox.Joined(1);
        foreach (var outbox in outboxes) outbox.Joined(0);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Fact]
    public void One_offer_is_taken_whatever_its_size()
    {
        var closed = new List<CloseReason>();
        var outbox = new Outbox(new PlainQueue(100, 0), (reason, _) => closed.Add(reason));
        outbox.Attach(new CountingTransport());

        outbox.Offer(new byte[1000]);
        outbox.Offer(new byte[1000]);

        Assert.Empty(closed);
    }

    [Fact]
    public async Task One_large_offer_closes_nobody_who_is_just_being_written_to()
    {
        // With a few bytes on their way to it, a client that reads was closed as slow when an owner's append of more than the limit came in one go.
        var transport = new StuckTransport();
        var closed = new List<CloseReason>();
        var outbox = new Outbox(new PlainQueue(100, 0), (reason, _) => closed.Add(reason));
        outbox.Attach(transport);
        outbox.Offer(new byte[10]);

        outbox.Offer(new byte[1000]);
        Assert.Empty(closed);
        transport.Release();
        await TestNode.UntilAsync(() => transport.Written == 1010, "the large one");

        outbox.Offer(new byte[1]);
        Assert.Equal([CloseReason.Slow], closed);
    }

    [Fact]
    public void A_publication_of_several_channels_is_new_once()
    {
        var outbox = new Outbox(new PlainQueue(1000, 2), (_, _) => { });

        Assert.Equal(1, OfferTo(0, "p"));
        Assert.Equal(0, OfferTo(1, "p"));
        for (var i = 0; i < 64; i++) Assert.Equal(1, OfferTo(0, $"{i}"));
        Assert.Equal(1, OfferTo(1, "p"));

        int OfferTo(int subscription, string publishId) => outbox.Offer(subscription, new FrameSlice("x"u8.ToArray(), publishId: publishId));
    }

    [Fact]
    public void What_the_client_has_from_another_channel_is_not_too_much()
    {
        var closed = new List<CloseReason>();
        var outbox = new Outbox(new PlainQueue(100, 2), (reason, _) => closed.Add(reason));
        outbox.Offer(0, new FrameSlice(new byte[100], publishId: "p"));

        outbox.Offer(1, new FrameSlice(new byte[100], publishId: "p"));

        Assert.Empty(closed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_transport_that_throws_is_written_no_more_and_whoever_brought_the_frames_goes_on(bool later)
    {
        // It made the relay fail and all its clients join again, and its outbox said for ever that somebody was writing; on a thread of the pool it would end the process.
        var transport = new ThrowingTransport(later);
        var closed = new TaskCompletionSource<(CloseReason Reason, Exception? Failure)>();
        var outbox = new Outbox(new PlainQueue(100, 0), (reason, failure) => closed.SetResult((reason, failure)));
        outbox.Attach(transport);

        outbox.Offer(new byte[1]);
        var (reason, failure) = await closed.Task.WaitAsync(Soon);
        for (var i = 0; i < 3; i++) outbox.Offer(new byte[60]);
        outbox.Close(CloseReason.GoingAway);

        Assert.Equal(CloseReason.InternalError, reason);
        Assert.Same(transport.Failure, failure);
        Assert.Equal(1, transport.Writes);
        Assert.True(SpinWait.SpinUntil(() => transport.IsClosed, Soon));
    }

    private static FrameSlice Frame(byte[] bytes) => new(bytes);

    private static void OfferAll(Outbox outbox, int subscription, int seed)
    {
        var joinAfter = new Random(seed * 4 + subscription).Next(1, 200);
        for (var i = 0; i < 200; i++)
        {
            outbox.Offer(subscription, Frame(Encoding.UTF8.GetBytes($"{subscription}:{i}")));
            if (i == joinAfter) outbox.Joined(subscription);
        }
    }

    /// <summary>Takes one write at a time, some of them late.</summary>
    private sealed class SlowTransport(Random random, bool completesLate) : IClientTransport
    {
        private readonly TaskCompletionSource<CloseReason> _closed = new();
        private int _writing;

        public List<string> Frames { get; } = [];

        public Task<CloseReason> Closed => _closed.Task;

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            Assert.Equal(0, Interlocked.Exchange(ref _writing, 1));
            foreach (var frame in frames) Frames.Add(Encoding.UTF8.GetString(frame.Span));
            if (completesLate && random.Next(2) == 0) return Later();

            Volatile.Write(ref _writing, 0);
            return default;
        }

        public void Close(CloseReason reason) => _closed.TrySetResult(reason);

        private async ValueTask Later()
        {
            await Task.Yield();
            Volatile.Write(ref _writing, 0);
        }
    }

    private sealed class CountingTransport : IClientTransport
    {
        public int Writes { get; private set; }

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            Writes++;
            return default;
        }

        public void Close(CloseReason reason)
        {
        }
    }

    private sealed class ThrowingTransport(bool later) : IClientTransport
    {
        public Exception Failure { get; } = new InvalidOperationException("a bug in a transport");

        public int Writes { get; private set; }

        public bool IsClosed { get; private set; }

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            Writes++;
            return later ? ThrowAsync() : throw Failure;
        }

        public void Close(CloseReason reason)
        {
            IsClosed = true;
            throw Failure;
        }

        private async ValueTask ThrowAsync()
        {
            await Task.Yield();
            throw Failure;
        }
    }

    /// <summary>Completes a write when it is told to.</summary>
    private sealed class StuckTransport : IClientTransport
    {
        private readonly TaskCompletionSource<CloseReason> _closed = new();
        private TaskCompletionSource? _write;

        public long Written { get; private set; }

        public Task<CloseReason> Closed => _closed.Task;

        public Task Idle => _write?.Task ?? Task.CompletedTask;

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            foreach (var frame in frames) Written += frame.Length;
            _write = new TaskCompletionSource();
            return new ValueTask(_write.Task);
        }

        public void Close(CloseReason reason) => _closed.TrySetResult(reason);

        public void Release() => _write!.SetResult();
    }
}
