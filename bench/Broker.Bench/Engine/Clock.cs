using System.Diagnostics;

namespace Broker.Bench.Engine;

internal readonly record struct Figure(double Value, string Unit, double CpuNanoseconds = double.NaN);

/// <summary>Takes the time, and the processor time of both cores, which other programs on the machine disturb less.</summary>
internal readonly struct Clock()
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TimeSpan _cpu = Environment.CpuUsage.TotalTime;

    public Figure Rate(long count) => new(
        count / Stopwatch.GetElapsedTime(_start).TotalSeconds, "/s", (Environment.CpuUsage.TotalTime - _cpu).TotalNanoseconds / count);
}
