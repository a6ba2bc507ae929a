namespace Broker.Bench.Load;

/// <summary>What the subscribers of a run received, and what was wrong with it.</summary>
internal sealed class Tally
{
    public Latencies Latencies { get; } = new();

    /// <summary>Since the last <see cref="Restart"/>.</summary>
    public long Delivered { get; private set; }

    /// <summary>From the beginning.</summary>
    public long Total { get; private set; }

    public long Repeated { get; private set; }

    public long Skipped { get; private set; }

    public long OutOfOrder { get; private set; }

    public long Misrouted { get; private set; }

    public long LastAt { get; set; }

    public void Restart()
    {
        Delivered = 0;
        Latencies.Clear();
    }

    /// <param name="stamp">What came.</param>
    /// <param name="last">The newest sequence that the subscriber has of that source, -1 before the first.</param>
    /// <param name="now">When.</param>
    /// <returns>False for one that came before.</returns>
    public bool Count(in Stamp stamp, ref long last, long now)
    {
        Delivered++;
        Total++;
        LastAt = now;
        Latencies.Add(now - stamp.At);
        if (stamp.Sequence == last + 1)
        {
            last = stamp.Sequence;
        }
        else if (stamp.Sequence > last)
        {
            Skipped += stamp.Sequence - last - 1;
            last = stamp.Sequence;
        }
        else if (stamp.Sequence == last)
        {
            Repeated++;
            return false;
        }
        else
        {
            OutOfOrder++;
        }

        return true;
    }

    public void CountMisrouted()
    {
        Total++;
        Misrouted++;
    }
}
