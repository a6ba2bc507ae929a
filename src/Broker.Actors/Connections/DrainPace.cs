namespace Broker.Actors.Connections;

/// <summary>How fast clients are sent away when the node stops: so many in each interval, and more only where the time would not do.</summary>
/// <param name="Within">What the whole stop may take. Two thirds are for sending clients away; the rest is for their answers, and for what the node does after them.</param>
internal sealed record DrainPace(int Clients, TimeSpan Interval, TimeSpan Within)
{
    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(5);

    /// <summary>How long the last clients are waited for, counted from the beginning.</summary>
    public TimeSpan Patience => TimeSpan.FromTicks(Math.Max(LeastPatience.Ticks, Within.Ticks / 6 * 5));

    /// <summary>How many of those who are left go now. What is too many for the pace is spread over all intervals: no burst comes at the end.</summary>
    public int Next(int left, TimeSpan elapsed)
    {
        var turns = Math.Max(1, 1 + (long)Math.Floor((Within * 2 / 3 - elapsed) / Interval));
        return (int)Math.Min(left, Math.Max(Clients, (left + turns - 1) / turns));
    }
}
