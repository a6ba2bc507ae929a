namespace Broker.Actors.Channels;

/// <summary>Something that fails again and again: said once, and tried again after ever longer times, for Redis may refuse it for good.</summary>
internal sealed class Episode
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Last = TimeSpan.FromSeconds(4);

    private TimeSpan _next = First;

    public bool IsOpen { get; private set; }

    /// <summary>It has failed (again). When to try again.</summary>
    public TimeSpan Failed()
    {
        var wait = _next;
        IsOpen = true;
        _next = wait * 2 < Last ? wait * 2 : Last;
        return wait;
    }

    /// <summary>It works. True if it did not before.</summary>
    public bool End()
    {
        var wasOpen = IsOpen;
        (IsOpen, _next) = (false, First);
        return wasOpen;
    }
}
