namespace Broker.Engine;

/// <summary>
/// Looks after actors that wait behind a turn that does not end, as Go's sysmon does for goroutines. Rests while there is nothing
/// to do.
/// </summary>
internal static class WorkerMonitor
{
    /// <summary>How long a turn may last before what waits behind it goes elsewhere; it may take twice that to be noticed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    /// <summary>How many looks in a row must find nothing to do before the monitor rests.</summary>
    private const int LooksBeforeRest = 3;

    private static readonly Lock Gate = new();
    private static readonly List<WeakReference<Worker>> Workers = [];
    private static readonly Timer Clock = TimerWheel.MakeClock(Look);
    private static int _isWatching;
    private static int _quietLooks;

    public static void Add(Worker worker)
    {
        lock (Gate)
        {
            Workers.RemoveAll(reference => !reference.TryGetTarget(out _));
            Workers.Add(new WeakReference<Worker>(worker));
        }
    }

    /// <summary>Called when there is something to do.</summary>
    public static void Watch()
    {
        if (Volatile.Read(ref _isWatching) == 0 && Interlocked.Exchange(ref _isWatching, 1) == 0)
        {
            Clock.Change(Patience, Patience);
        }
    }

    private static void Look()
    {
        lock (Gate)
        {
            _quietLooks = LookAtWorkers() ? 0 : _quietLooks + 1;
            if (_quietLooks < LooksBeforeRest)
            {
                return;
            }

            _quietLooks = 0;
            Clock.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Interlocked.Exchange(ref _isWatching, 0);
            if (LookAtWorkers())
            {
                Watch();
            }
        }
    }

    /// <returns>Whether anything is being done anywhere.</returns>
    private static bool LookAtWorkers()
    {
        var isBusy = !RunQueue.IsEmpty;
        foreach (var reference in Workers)
        {
            if (!reference.TryGetTarget(out var worker))
            {
                continue;
            }

            var turns = worker.Turns;
            if (worker.IsPumping || worker.HasWaiting)
            {
                isBusy = true;
                if (turns == worker.TurnsSeen)
                {
                    worker.Replace();
                }
            }

            worker.TurnsSeen = turns;
        }

        return isBusy;
    }
}
