namespace Broker.Actors.Redis.Subscriptions;

/// <summary>A PING on its way, with the fences that its PONG opens.</summary>
/// <param name="sentBefore">SUBSCRIBEs and UNSUBSCRIBEs sent before it: all answered when the PONG comes.</param>
internal sealed class Ping(long sentBefore)
{
    public long SentBefore { get; } = sentBefore;

    public List<(Subscription Subscription, long Ticket)> Fences { get; } = [];
}
