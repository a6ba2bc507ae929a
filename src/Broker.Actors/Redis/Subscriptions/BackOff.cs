namespace Broker.Actors.Redis.Subscriptions;

/// <summary>How long to wait before the next attempt: not at all after a connection that was good for a while, then 100 ms, doubled up to a bound, with jitter.</summary>
internal sealed class BackOff(TimeSpan max, Func<double>? random = null)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);

    private readonly Func<double> _random = random ?? Random.Shared.NextDouble;
    private int _failures;

    public void Reset() => _failures = 0;

    public TimeSpan Next()
    {
        if (_failures++ == 0) return TimeSpan.Zero;

        var doubled = First * Math.Pow(2, Math.Min(_failures - 2, 20));
        return (doubled < max ? doubled : max) * (0.75 + 0.25 * _random());
    }
}
