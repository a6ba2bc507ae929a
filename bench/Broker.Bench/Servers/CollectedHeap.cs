using System.Globalization;
using System.Runtime;

namespace Broker.Bench.Servers;

/// <summary>What a process keeps when all garbage has gone.</summary>
/// <param name="Bytes">But for what is pinned.</param>
/// <param name="Pinned">On the heap of pinned objects: of a web server nearly all of it are the blocks that its transport keeps for the next connections, and gives up by and by.</param>
internal readonly record struct CollectedHeap(long Bytes, long Pinned)
{
    /// <summary>Of this process. Collects twice, because finalizers keep what they finalize.</summary>
    public static CollectedHeap Look()
    {
        for (var round = 0; round < 2; round++)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        var all = GC.GetTotalMemory(forceFullCollection: true);
        var pinned = GC.GetGCMemoryInfo(GCKind.FullBlocking).GenerationInfo[^1];
        var kept = pinned.SizeAfterBytes - pinned.FragmentationAfterBytes;
        return new CollectedHeap(all - kept, kept);
    }

    public static CollectedHeap Parse(string text)
    {
        var numbers = text.Split(' ');
        return new CollectedHeap(long.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bytes} {Pinned}");
}
