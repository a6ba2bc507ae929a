namespace Broker.Actors.Rich;

/// <summary>What one rich client sends: which of it is too fast, and when that has been so too often. Decides with the time that it is given.</summary>
internal sealed class ClientRates(RichLimits limits)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private RateMeter _commands = new(limits.CommandRate);
    private RateMeter _publishes = new(limits.PublishRate);
    private RateMeter _bytes = new(limits.PublishBytes);
    private TimeSpan _since;
    private int _refused;

    /// <summary>It has been refused so often that it does not listen.</summary>
    public bool IsHopeless => _refused >= limits.Refusals;

    /// <summary>The limit that a command is over; null for none.</summary>
    public string? Command(TimeSpan now) => _commands.TryTake(1, now) ? null : Refuse("command-rate", now);

    /// <summary>The limit that a publish is over; null for none.</summary>
    public string? Publish(int bytes, TimeSpan now)
    {
        if (!_publishes.TryTake(1, now)) return Refuse("publish-rate", now);
        return _bytes.TryTake(bytes, now) ? null : Refuse("publish-bytes", now);
    }

    private string Refuse(string limit, TimeSpan now)
    {
        if (now - _since > Window) (_since, _refused) = (now, 0);
        _refused++;
        return limit;
    }
}
