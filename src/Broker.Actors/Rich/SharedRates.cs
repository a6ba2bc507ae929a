namespace Broker.Actors.Rich;

/// <summary>How fast all rich clients of one user on this node send together. From any thread.</summary>
internal sealed class SharedRates(SendLimits limits)
{
    private readonly Lock _gate = new();
    private SendMeters _meters = new(limits);

    /// <summary>The limit that a command is over; null if it is over none: then it is taken.</summary>
    public RateLimit? TakeCommand(TimeSpan now)
    {
        lock (_gate)
        {
            var over = _meters.OverByCommand(now);
            if (over is null) _meters.TakeCommand();
            return over;
        }
    }

    /// <summary>The limit that a publish is over; null if it is over none: then it is taken.</summary>
    public RateLimit? TakePublish(int bytes, TimeSpan now)
    {
        lock (_gate)
        {
            var over = _meters.OverByPublish(bytes, now);
            if (over is null) _meters.TakePublish(bytes);
            return over;
        }
    }
}
