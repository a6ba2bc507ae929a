namespace Broker.Actors.Rich;

/// <summary>How fast something may be done.</summary>
/// <param name="Name">Of the setting in <c>broker.limits</c>, and of the metric.</param>
/// <param name="PerSecond">0: any.</param>
internal sealed record RateLimit(string Name, int PerSecond);

/// <summary>
/// How fast something is done: so much in a second, and twice of it at once after a rest. Decides with the time that it is given.
/// </summary>
internal struct RateMeter(RateLimit limit)
{
    /// <summary>After this there is all of it again.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private double _left = 2.0 * limit.PerSecond;
    private TimeSpan _at;

    /// <summary>Null if there is as much to <see cref="Take"/>; otherwise what it would be over.</summary>
    public RateLimit? Over(long amount, TimeSpan now)
    {
        if (limit.PerSecond == 0) return null;

        // Of several threads one may come with the time of a moment ago.
        if (now > _at)
        {
            _left = Math.Min(2.0 * limit.PerSecond, _left + (limit.PerSecond * (now - _at).TotalSeconds));
            _at = now;
        }

        return _left < Taken(amount) ? limit : null;
    }

    public void Take(long amount) => _left -= Taken(amount);

    /// <summary>What is more than all of it passes when there is all of it: its size has a limit of its own.</summary>
    private readonly double Taken(long amount) => Math.Min(amount, 2.0 * limit.PerSecond);
}
