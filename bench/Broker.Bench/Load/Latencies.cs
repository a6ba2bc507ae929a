using System.Numerics;

namespace Broker.Bench.Load;

/// <summary>A histogram of nanoseconds: 64 buckets for each power of two, so that a figure is right to 1.6 %.</summary>
internal sealed class Latencies
{
    private const int Steps = 64;

    private readonly long[] _buckets = new long[Steps * 64];
    private long _count;

    public void Add(long nanoseconds)
    {
        _buckets[Bucket((ulong)Math.Max(0, nanoseconds))]++;
        _count++;
    }

    public void Clear()
    {
        Array.Clear(_buckets);
        _count = 0;
    }

    /// <summary>In milliseconds; NaN if there is none.</summary>
    public double Milliseconds(double quantile)
    {
        if (_count == 0) return double.NaN;

        var before = (long)(quantile * _count);
        var bucket = 0;
        for (var seen = _buckets[0]; seen <= before && bucket < _buckets.Length - 1; seen += _buckets[bucket]) bucket++;
        return (double)Start(bucket) / Clock.Millisecond;
    }

    private static int Bucket(ulong value)
    {
        if (value < 2 * Steps) return (int)value;

        var power = BitOperations.Log2(value);
        return ((power - 5) * Steps) + (int)((value >> (power - 6)) & (Steps - 1));
    }

    private static ulong Start(int bucket) => bucket < 2 * Steps ? (ulong)bucket : (ulong)(Steps + (bucket % Steps)) << ((bucket / Steps) - 1);
}
