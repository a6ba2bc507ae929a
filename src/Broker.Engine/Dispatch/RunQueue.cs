using System.Collections.Concurrent;

namespace Broker.Engine;

/// <summary>
/// The actors that wait for a thread, and the threads of the pool that are at work on them, as many as there are processors. To give
/// every turn to the pool as a work item of its own costs several times what a small turn does.
/// </summary>
internal static class RunQueue
{
    private static readonly ConcurrentQueue<LocalActorRef> Waiting = new();
    private static readonly PumpItem Pump = new();
    private static readonly int MaxPumps = Environment.ProcessorCount;
    private static int _pumps;

    public static bool IsEmpty => Waiting.IsEmpty;

    public static void Add(LocalActorRef actor)
    {
        Waiting.Enqueue(actor);

        // The last pump counts itself out, then looks once more whether something came in; this is the other half of that.
        Interlocked.MemoryBarrier();
        StartPump();
    }

    public static LocalActorRef? Take() => Waiting.TryDequeue(out var actor) ? actor : null;

    /// <summary>A pump goes on when the pool's other work has had its turn.</summary>
    public static void GoOnLater() => ThreadPool.UnsafeQueueUserWorkItem(Pump, preferLocal: false);

    /// <summary>A pump has found nothing more to do, or is stuck in a turn that does not end.</summary>
    public static void Leave()
    {
        Interlocked.Decrement(ref _pumps);
        if (!Waiting.IsEmpty)
        {
            StartPump();
        }
    }

    private static void StartPump()
    {
        var pumps = Volatile.Read(ref _pumps);
        while (pumps < MaxPumps)
        {
            var found = Interlocked.CompareExchange(ref _pumps, pumps + 1, pumps);
            if (found == pumps)
            {
                GoOnLater();
                WorkerMonitor.Watch();
                return;
            }

            pumps = found;
        }
    }

    private sealed class PumpItem : IThreadPoolWorkItem
    {
        public void Execute() => Worker.Current.Pump();
    }
}
