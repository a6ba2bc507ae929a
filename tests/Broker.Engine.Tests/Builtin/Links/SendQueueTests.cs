namespace Broker.Engine.Tests.Builtin.Links;

public sealed class SendQueueTests
{
    private readonly LinkCounters _counters = new();

    [Fact]
    public void What_waits_is_bounded()
    {
        var queue = new SendQueue(1000, _counters);

        Assert.True(queue.TryAdd(OfLength(400)));
        Assert.True(queue.TryAdd(OfLength(500)));
        Assert.False(queue.TryAdd(OfLength(101)));
        Assert.True(queue.TryAdd(OfLength(100)));
        Assert.Equal(1, _counters.Dropped);
    }

    [Fact]
    public void A_frame_longer_than_the_queue_waits_like_any_other_and_leaves_room_for_others()
    {
        // It would have had to find the queue empty, which one in constant use never is; and would have shut out all that came while it waited.
        var queue = new SendQueue(1000, _counters);
        queue.TryAdd(OfLength(500));

        Assert.True(queue.TryAdd(OfLength(5000)));
        Assert.False(queue.TryAdd(OfLength(5000)));
        queue.TryTake(out _);

        Assert.True(queue.TryAdd(OfLength(500)));
        Assert.False(queue.TryAdd(OfLength(50)));
    }

    [Fact]
    public void No_more_than_two_long_frames_wait()
    {
        var queue = new SendQueue(1000, _counters);

        Assert.Equal([true, true, false], new[] { 5000, 700, 600 }.Select(length => queue.TryAdd(OfLength(length))));
        queue.Close();

        Assert.True(queue.IsEmpty);
        Assert.Equal(3, _counters.Dropped);
    }

    [Fact]
    public void Alive_is_sent_but_nothing_that_waits()
    {
        // One that its link had left behind made a node that was gone be dialled once more.
        var queue = new SendQueue(1000, _counters);

        Assert.True(queue.TryAdd(Frame.Of(FrameKind.Alive, [])));

        Assert.True(queue.IsEmpty);
        Assert.True(queue.TryTake(out var frame));
        Assert.Equal(FrameKind.Alive, frame.Kind);
    }

    private static Frame OfLength(int length) => Frame.Rent(FrameKind.Message, length - Frame.HeaderLength);
}
