using System.Globalization;

namespace Broker.Faults;

/// <summary>What was measured and counted, in words.</summary>
internal static class Figures
{
    /// <param name="times">In nanoseconds.</param>
    public static string Times(IEnumerable<long> times)
    {
        var sorted = times.Order().ToList();
        return sorted.Count == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"median {At(0.5):0} ms, 99 % {At(0.99):0} ms, longest {At(1):0} ms");

        double At(double share) => sorted[Math.Min((int)(sorted.Count * share), sorted.Count - 1)] / 1e6;
    }

    /// <summary>How often each was there.</summary>
    public static string Counts(IEnumerable<string> what) => string.Join(", ", what.GroupBy(one => one).OrderByDescending(same => same.Count()).Select(same => $"{same.Count()} {same.Key}"));
}
