namespace Broker.Host.Gateway;

/// <summary>How fast one client may go: a second's worth at once, then evenly.</summary>
internal sealed class Brake(int perSecond, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly TimeSpan _each = TimeSpan.FromSeconds(1) / perSecond;
    private TimeSpan _due;

    /// <summary>Counts one more, and says how long it has to wait.</summary>
    public TimeSpan Next()
    {
        var now = time.GetElapsedTime(_start);
        // Who was silent has saved up one second, no more.
        var earliest = now - TimeSpan.FromSeconds(1);
        _due = (_due > earliest ? _due : earliest) + _each;
        return _due > now ? _due - now : TimeSpan.Zero;
    }
}
