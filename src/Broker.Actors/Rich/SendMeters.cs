namespace Broker.Actors.Rich;

/// <summary>How fast a client may send, or all of a user's on this node together.</summary>
internal sealed record SendLimits(RateLimit Commands, RateLimit Publishes, RateLimit PublishBytes)
{
    public bool AreNone => Commands.PerSecond == 0 && Publishes.PerSecond == 0 && PublishBytes.PerSecond == 0;
}

/// <summary>How fast is sent what has such limits. What is over one of them takes nothing of the others.</summary>
internal struct SendMeters(SendLimits limits)
{
    private RateMeter _commands = new(limits.Commands);
    private RateMeter _publishes = new(limits.Publishes);
    private RateMeter _bytes = new(limits.PublishBytes);

    /// <summary>The limit that a command would be over; null for none.</summary>
    public RateLimit? OverByCommand(TimeSpan now) => _commands.Over(1, now);

    public void TakeCommand() => _commands.Take(1);

    /// <summary>The limit that a publish would be over; null for none.</summary>
    public RateLimit? OverByPublish(int bytes, TimeSpan now) => _publishes.Over(1, now) ?? _bytes.Over(bytes, now);

    public void TakePublish(int bytes)
    {
        _publishes.Take(1);
        _bytes.Take(bytes);
    }
}
