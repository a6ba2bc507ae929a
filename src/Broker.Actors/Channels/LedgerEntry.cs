using Broker.Actors.Redis;

namespace Broker.Actors.Channels;

/// <summary>A publication on its way into the history.</summary>
/// <param name="Ticket">Of our own side: it comes back with the answer. Null for what others have published.</param>
internal readonly record struct LedgerEntry(OutgoingPublication Publication, object? Ticket)
{
    public static LedgerEntry Foreign(byte[] payload) => new(new OutgoingPublication(payload, null, null, 0, Foreign: true), null);
}
