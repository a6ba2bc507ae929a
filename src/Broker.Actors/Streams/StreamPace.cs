namespace Broker.Actors.Streams;

/// <summary>How long to wait before a stream is looked at again: hardly, after something came; ever longer while nothing does, or nothing works.</summary>
internal sealed class StreamPace
{
    // The command connection is shared by all: waiting in Redis for an entry (BLOCK) would hold up everybody. An idle stream is ten small questions a second.
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestIdle = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestFailing = TimeSpan.FromSeconds(1);

    private TimeSpan _last;

    /// <summary>Something came, and was published.</summary>
    public void Reset() => _last = TimeSpan.Zero;

    /// <summary>Nothing came.</summary>
    public TimeSpan Idle() => Next(LongestIdle);

    /// <summary>Redis could not be asked, or the channel took nothing.</summary>
    public TimeSpan Failing() => Next(LongestFailing);

    private TimeSpan Next(TimeSpan longest)
    {
        var doubled = _last == TimeSpan.Zero ? First : 2 * _last;
        return _last = doubled < longest ? doubled : longest;
    }
}
