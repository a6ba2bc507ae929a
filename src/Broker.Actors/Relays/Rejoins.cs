namespace Broker.Actors.Relays;

/// <summary>
/// Counts the failures of a subscriber's relay: one that fails whenever it is made anew would be joined for ever, and nobody would be told.
/// </summary>
internal sealed class Rejoins
{
    private const int Most = 5;

    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    private TimeSpan _since;
    private int _count;

    /// <summary>The relay has failed. True if the subscriber may join again.</summary>
    public bool MayJoin(TimeSpan now)
    {
        if (now - _since > Within) (_since, _count) = (now, 0);
        return ++_count <= Most;
    }
}
