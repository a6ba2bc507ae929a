using System.Diagnostics;

namespace Broker.Bench.Load;

/// <summary>Nanoseconds of the monotonic clock.</summary>
internal static class Clock
{
    public const long Millisecond = 1_000_000;

    public const long Second = 1_000_000_000;

    public static long Now => Stopwatch.Frequency == Second ? Stopwatch.GetTimestamp() : (long)(Stopwatch.GetTimestamp() * ((double)Second / Stopwatch.Frequency));

    public static long Of(TimeSpan time) => time.Ticks * 100;
}
