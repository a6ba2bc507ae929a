using System.Runtime;

namespace Broker.Bench.Servers;

/// <summary>What this process keeps when all garbage has gone.</summary>
internal static class CollectedHeap
{
    /// <summary>Collects twice, because finalizers keep what they finalize.</summary>
    public static long Bytes()
    {
        for (var round = 0; round < 2; round++)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
