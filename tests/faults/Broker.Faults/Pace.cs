using Broker.Bench.Load;

namespace Broker.Faults;

/// <summary>How much happens in a second.</summary>
internal static class Pace
{
    /// <param name="times">In order.</param>
    public static int MostInASecond(IReadOnlyList<long> times)
    {
        var (most, from) = (0, 0);
        for (var to = 0; to < times.Count; to++)
        {
            while (times[to] - times[from] >= Clock.Second) from++;
            most = Math.Max(most, to - from + 1);
        }

        return most;
    }
}
