namespace Broker.Bench.Load;

/// <summary>How much is published when: so many a second, or as much as keeps so many under way.</summary>
internal sealed record Pace(double PerSecond, int Window)
{
    public static Pace Fixed(double perSecond) => new(perSecond, 0);

    public static Pace Of(int window) => new(0, window);

    public bool IsFixed => PerSecond > 0;

    /// <summary>When the n-th is due, in nanoseconds after the beginning.</summary>
    public long Due(long number) => (long)(number * (double)Clock.Second / PerSecond);
}
