using System.Diagnostics;
using Broker.Bench.Results;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>What stays in the server when a load has gone: the same as before it, however often it comes.</summary>
internal static class Aftermath
{
    private const int Repeats = 10;

    /// <summary>Otherwise a channel without clients is kept for half a minute.</summary>
    private const string GoSoon = "broker { channel.passivate-after = 1s, relay.stop-after = 1s }\n";

    /// <summary>So long without getting smaller, and nothing goes any more: the shared array pool keeps what each thread last had for half a minute.</summary>
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <param name="loads">What comes and goes.</param>
    public static Scenario Of(IEnumerable<Scenario> loads) => new(
        "memory",
        "each of the others, or one that is named, 11 times on one server: what it keeps after the second to the eleventh, against what it keeps after the first",
        [.. loads.SelectMany(load => load.Tables).Select(Of)]);

    private static Comparison Of(Comparison load) => new("after " + load.Title, setup => Measure(setup, load))
    {
        HasOthers = false,
        TellsHeap = true,
        Configuration = GoSoon + load.Configuration,
    };

    private static Measurement Measure(Setup setup, Comparison load)
    {
        // What is compiled and loaded once stays.
        var wrong = new List<string> { load.Measure(setup).Wrong };
        var (first, resident) = Rest(setup);
        var all = new List<CollectedHeap> { first };
        var lastResident = 0L;
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            setup.EmptyRedis();
            wrong.Add(load.Measure(setup).Wrong);
            (var heap, lastResident) = Rest(setup);
            all.Add(heap);
        }

        return new Measurement(
            [
                new Figure("most : first", (double)all.Skip(1).Max(heap => heap.Bytes) / first.Bytes, "N2"),
                new Figure("last : first", (double)all[^1].Bytes / first.Bytes, "N2"),
                new Figure("heap KiB first", first.Bytes / 1024.0, "N0"),
                new Figure("last", all[^1].Bytes / 1024.0, "N0"),
                new Figure("web server's blocks KiB first", first.Pinned / 1024.0, "N0"),
                new Figure("blocks last", all[^1].Pinned / 1024.0, "N0"),
                new Figure("resident MiB first", resident / 1048576.0, "N1"),
                new Figure("resident last", lastResident / 1048576.0, "N1"),
            ],
            string.Join("; ", wrong.Where(one => one.Length > 0).Distinct()),
            "heap + the web server's blocks, in KiB: " + string.Join(", ", all.Select(heap => $"{heap.Bytes / 1024:N0} + {heap.Pinned / 1024:N0}")));
    }

    /// <summary>Heap and resident bytes once the heap gets no smaller.</summary>
    private static (CollectedHeap Heap, long Resident) Rest(Setup setup)
    {
        var least = setup.CollectedHeap();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < Still;)
        {
            Thread.Sleep(Look);
            var heap = setup.CollectedHeap();
            if (heap.Bytes < least.Bytes * 0.99) clock.Restart();
            if (heap.Bytes < least.Bytes) least = heap;
        }

        return (least, ProcessUse.Resident(setup.ServerPid!.Value));
    }
}
