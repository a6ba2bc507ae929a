namespace Broker.Actors.Connections;

/// <summary>
/// Writes many outboxes on two threads: the caller's, and one of the pool's that takes part when it comes. Neither waits for the other.
/// </summary>
internal sealed class SharedWriting : IThreadPoolWorkItem
{
    private volatile Round? _round;
    private int _called;

    /// <summary>When it returns, all are written but the one that the other thread has in hand.</summary>
    /// <param name="outboxes">Those that have been filled and that nobody writes.</param>
    public void Write(IReadOnlyList<Outbox> outboxes)
    {
        var round = _round = new Round(outboxes);
        if (Interlocked.Exchange(ref _called, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

        round.Write();
        _round = null;
    }

    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Exchange(ref _called, 0);
        _round?.Write();
    }

    /// <summary>Whoever is free takes the next.</summary>
    private sealed class Round(IReadOnlyList<Outbox> outboxes)
    {
        private int _taken;

        public void Write()
        {
            while (Interlocked.Increment(ref _taken) is var taken && taken <= outboxes.Count) outboxes[taken - 1].Write();
        }
    }
}
