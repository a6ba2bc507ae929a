using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Relays;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Connections;

/// <summary>What a queue keeps that conflates: the client reads nothing, and 20 bytes may wait.</summary>
public sealed class ConflatingQueueTests
{
    private const int Limit = 20;

    [Fact]
    public void Nothing_is_dropped_before_it_is_full()
    {
        var queue = Joined(true);

        for (var i = 0; i < 5; i++) Offer(queue, 0, $"new{i}");

        Assert.Equal("new0 new1 new2 new3 new4", TakeAll(queue));
    }

    [Fact]
    public void Of_a_channel_that_conflates_the_newest_stays_when_it_is_full()
    {
        var queue = Joined(true);

        for (var i = 0; i < 8; i++) Offer(queue, 0, $"new{i}");

        Assert.Equal("new5 new6 new7", TakeAll(queue));
    }

    [Fact]
    public void Of_a_batch_the_newest_frame_stays_whole()
    {
        var batch = new RelayBatch(Words("first second third"));
        var queue = Joined(true);
        Offer(queue, 0, "twenty bytes, no less");

        Assert.True(queue.Offer(0, [batch.Encode(LineFormat.Instance).Slice(0, 3)], out var taken));

        Assert.Equal(3, taken);
        Assert.Equal("third\n", TakeAll(queue));
    }

    [Fact]
    public void What_is_handed_over_stays_and_comes_first()
    {
        var queue = Joined(true);
        Offer(queue, 0, "handed over");
        var writing = queue.Take()!;

        for (var i = 0; i < 5; i++) Offer(queue, 0, $"new{i}");

        Assert.Equal("handed over", Text(writing));
        Done(queue, writing);
        Assert.Equal("new3 new4", TakeAll(queue));
    }

    [Fact]
    public void Little_is_handed_over_at_a_time_and_the_rest_can_still_be_dropped()
    {
        var queue = new ConflatingQueue(300 * 1024, [true]);
        queue.Joined(0);
        for (var i = 0; i < 30; i++) queue.Offer(0, [new FrameSlice(new byte[10 * 1024])], out _);

        var writing = queue.Take()!;
        queue.Offer(0, [new FrameSlice(new byte[1])], out _);

        Assert.Equal(6, writing.Count);
        Done(queue, writing);
        Assert.Equal(1, queue.Take()!.Sum(frame => frame.Length));
    }

    [Fact]
    public void Channels_that_do_not_conflate_keep_everything()
    {
        var queue = Joined(true, false);

        Offer(queue, 0, "0000000000");
        Offer(queue, 1, "1111111111");
        Offer(queue, 0, "00000");
        Offer(queue, 1, "11111");

        Assert.Equal("1111111111 00000 11111", TakeAll(queue));
    }

    [Fact]
    public void A_channel_that_does_not_conflate_and_fills_it_alone_is_too_much()
    {
        var queue = Joined(true, false);
        Offer(queue, 1, "twenty bytes, no less");

        Assert.False(queue.Offer(0, [Frame("x")], out _));
    }

    [Fact]
    public void The_newest_of_several_channels_can_be_too_much()
    {
        var queue = Joined(true, true, true);
        Offer(queue, 0, "0000000000");
        Offer(queue, 1, "1111111111");

        Assert.True(queue.Offer(0, [Frame("0123456789")], out _));
        Assert.False(queue.Offer(2, [Frame("2")], out _));
    }

    [Fact]
    public void One_large_publication_that_replaces_another_is_taken()
    {
        var queue = Joined(true);

        for (var i = 0; i < 5; i++) Offer(queue, 0, $"publication of more than twenty bytes: {i}");

        Assert.Equal("publication of more than twenty bytes: 4", TakeAll(queue));
    }

    [Fact]
    public void Replays_keep_their_order_and_give_way_to_newer_ones_like_anything_else()
    {
        var queue = new ConflatingQueue(Limit, [true, true]);
        Offer(queue, 1, "last of one");
        Offer(queue, 1, "live of one");
        Offer(queue, 0, "last of nought");
        queue.Joined(1);
        queue.Joined(0);

        Assert.Equal("last of nought live of one", TakeAll(queue));
    }

    [Fact]
    public void A_publication_of_two_channels_stays_as_long_as_it_is_the_newest_of_one()
    {
        var queue = Joined(true, true);

        Offer(queue, 0, new FrameSlice("both"u8.ToArray(), publishId: "b"));
        Offer(queue, 1, new FrameSlice("both"u8.ToArray(), publishId: "b"));
        Offer(queue, 0, "newer of nought: 1");
        Offer(queue, 0, "newer of nought: 2");

        Assert.Equal("both newer of nought: 2", TakeAll(queue));
    }

    [Fact]
    public void A_publication_of_two_channels_that_was_dropped_on_one_comes_on_the_other()
    {
        var queue = Joined(true, true);

        Offer(queue, 0, new FrameSlice("both"u8.ToArray(), publishId: "b"));
        Offer(queue, 0, "newer of nought: 1");
        Offer(queue, 0, "newer of nought: 2");
        Offer(queue, 1, new FrameSlice("both"u8.ToArray(), publishId: "b"));

        Assert.Equal("newer of nought: 2 both", TakeAll(queue));
    }

    [Fact]
    public void A_delivery_to_a_client_that_reads_allocates_nothing()
    {
        var outbox = new Outbox(new ConflatingQueue(1000, [true]), (_, _) => { });
        outbox.Attach(new Reader());
        var subscriber = new WireSubscriber(ActorRefs.Nobody, "", JoinMode.Live, default, ChannelName.Broadcast("x"), outbox, 0, LineFormat.Instance, echo: true);
        subscriber.JoinedLive(default);
        var dispatch = new Dispatch(new RelayBatch(Words("x")), null);
        for (var i = 0; i < 100; i++) subscriber.Deliver(dispatch);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) subscriber.Deliver(dispatch);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    private static Publication[] Words(string words) => [.. words.Split(' ').Select(word => new Publication(ChannelName.Broadcast("x"), default, Encoding.UTF8.GetBytes(word)))];

    private static ConflatingQueue Joined(params bool[] conflates)
    {
        var queue = new ConflatingQueue(Limit, conflates);
        for (var i = 0; i < conflates.Length; i++) queue.Joined(i);
        return queue;
    }

    private static FrameSlice Frame(string text) => new(Encoding.UTF8.GetBytes(text));

    private static void Offer(ConflatingQueue queue, int subscription, string text) => Offer(queue, subscription, Frame(text));

    private static void Offer(ConflatingQueue queue, int subscription, FrameSlice frames) => Assert.True(queue.Offer(subscription, [frames], out _));

    private static string TakeAll(ConflatingQueue queue)
    {
        var all = new List<string>();
        while (queue.Take() is { } frames)
        {
            all.Add(Text(frames));
            Done(queue, frames);
        }

        Assert.True(queue.IsEmpty);
        return string.Join(' ', all);
    }

    private static string Text(List<ReadOnlyMemory<byte>> frames) => string.Join(' ', frames.Select(frame => Encoding.UTF8.GetString(frame.Span)));

    private static void Done(ConflatingQueue queue, List<ReadOnlyMemory<byte>> frames)
    {
        var bytes = frames.Sum(frame => frame.Length);
        frames.Clear();
        queue.Written(frames, bytes);
    }

    private sealed class Reader : IClientTransport
    {
        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames) => default;

        public void Close(CloseReason reason)
        {
        }
    }
}
