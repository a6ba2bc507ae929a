using Broker.Actors.Connections;
using Broker.Actors.Settings;

namespace Broker.Actors.Rich;

/// <summary>
/// The queue of a rich client some of whose channels may conflate. When it is full, publications that newer ones replace are dropped. Where that is not enough and others must not be missing
/// unnoticed, their subscriptions are lost: the client subscribes again, and recovers. Answers, and whatever else is told, are never dropped.
/// </summary>
/// <param name="limit">Bytes that may wait when more comes, the write that is under way included; but that does not count once room was made, as nothing of it can be dropped.</param>
/// <param name="metrics">Counts what is dropped.</param>
internal sealed class RichQueue(int limit, BrokerMetrics? metrics = null) : DroppingQueue(subscriptions: 0)
{
    public override bool Offer(int subscription, ReadOnlySpan<FrameSlice> frames, out int taken)
    {
        taken = 0;
        if (Bytes + UnderWay >= limit) MakeRoom(frames);

        // What counts is what waits already, not what comes.
        var isFull = Bytes >= limit;
        foreach (ref readonly var slice in frames)
        {
            if (slice.Subscription is { IsLost: true }) continue;
            if (isFull) return false;

            InWaiting().Add(new Entry(subscription, slice));
            taken += slice.Count;
            Bytes += slice.Bytes.Length;
        }

        return true;
    }

    public override void Joined(int subscription)
    {
    }

    public override void JoinAll()
    {
    }

    private void MakeRoom(ReadOnlySpan<FrameSlice> coming)
    {
        if (Waiting is not { } waiting) return;

        var newer = new HashSet<IDroppable>();
        foreach (ref readonly var slice in coming) if (slice.Subscription is { OnlyNewestCounts: true } of) newer.Add(of);

        var dropped = DropOlder(waiting, newer);
        if (Bytes >= limit) dropped += DropWhole(waiting);
        if (dropped > 0) metrics?.Conflated(dropped);
    }

    /// <param name="waiting">All that waits.</param>
    /// <param name="newer">Subscriptions of which a newer one is there.</param>
    private int DropOlder(List<Entry> waiting, HashSet<IDroppable> newer) =>
        Drop(waiting, slice => slice.Subscription is not { OnlyNewestCounts: true } of ? slice : newer.Add(of) ? slice.Newest : default);

    /// <summary>Those of which most waits: the fewer begin anew, the better.</summary>
    private int DropWhole(List<Entry> waiting)
    {
        var dropped = 0;
        var largest = waiting.Where(entry => entry.Frames.Subscription is { OnlyNewestCounts: false })
            .GroupBy(entry => entry.Frames.Subscription!, entry => entry.Frames.Bytes.Length)
            .OrderByDescending(sizes => sizes.Sum())
            .Select(sizes => sizes.Key)
            .ToArray();
        foreach (var subscription in largest.TakeWhile(_ => Bytes >= limit))
        {
            subscription.Lose();
            dropped += Drop(waiting, slice => slice.Subscription == subscription ? default : slice);
        }

        return dropped;
    }

    /// <summary>Asks of each, the newest first, what is left of it. Returns how many publications went.</summary>
    private int Drop(List<Entry> waiting, Func<FrameSlice, FrameSlice> left)
    {
        var dropped = 0;
        for (var i = waiting.Count - 1; i >= 0; i--)
        {
            var (subscription, slice) = waiting[i];
            var kept = left(slice);
            dropped += slice.Count - kept.Count;
            Bytes -= slice.Bytes.Length - kept.Bytes.Length;
            waiting[i] = new Entry(subscription, kept);
        }

        waiting.RemoveAll(static entry => entry.Frames.Bytes.IsEmpty);
        return dropped;
    }
}
