namespace Broker.Actors.Connections;

/// <summary>A subscription whose publications may be dropped while they wait for a client that reads too slowly. Asked and told with the outbox's lock held.</summary>
internal interface IDroppable
{
    /// <summary>Older publications may go when a newer one is there. Otherwise none may be missing unnoticed.</summary>
    bool OnlyNewestCounts { get; }

    /// <summary>Nothing is taken of it any more.</summary>
    bool IsLost { get; }

    /// <summary>All that waited of it has been dropped. Must only tell; more than once is as good as once.</summary>
    void Lose();
}
