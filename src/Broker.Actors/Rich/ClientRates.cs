namespace Broker.Actors.Rich;

/// <summary>
/// What one rich client sends: which of it is too fast, for itself or with the others of its user, and when that has been so too often. Decides with the time that it is given.
/// </summary>
/// <remarks>Its own limits come first: what is over them takes nothing of what its user's other clients may send. What is over its user's takes nothing of its own.</remarks>
internal sealed class ClientRates(RichLimits limits)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private SendMeters _own = new(limits.Own);
    private TimeSpan _since;
    private int _refused;

    /// <summary>What it shares with the others of its user; null for nothing.</summary>
    public SharedRates? Shared { get; set; }

    /// <summary>It has been refused so often that it does not listen.</summary>
    public bool IsHopeless => _refused >= limits.Refusals;

    /// <summary>The limit that a command is over; null for none.</summary>
    public RateLimit? Command(TimeSpan now)
    {
        if ((_own.OverByCommand(now) ?? Shared?.TakeCommand(now)) is { } over) return Refuse(over, now);

        _own.TakeCommand();
        return null;
    }

    /// <summary>The limit that a publish is over; null for none.</summary>
    public RateLimit? Publish(int bytes, TimeSpan now)
    {
        if ((_own.OverByPublish(bytes, now) ?? Shared?.TakePublish(bytes, now)) is { } over) return Refuse(over, now);

        _own.TakePublish(bytes);
        return null;
    }

    private RateLimit Refuse(RateLimit over, TimeSpan now)
    {
        if (now - _since > Window) (_since, _refused) = (now, 0);
        _refused++;
        return over;
    }
}
