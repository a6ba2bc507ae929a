using Broker.Actors.Redis;

namespace Broker.Actors.Channels;

/// <summary>
/// Turns what the bus tells about a channel's subscription into messages to its actor. A restarted actor has a new one and ignores the old one's messages.
/// </summary>
internal sealed class ChannelSubscription(IActorRef channel) : IArrivals
{
    void IArrivals.Subscribed() => channel.Tell(new SubscriptionConfirmed(this), ActorRefs.NoSender);

    void IArrivals.Arrived(IReadOnlyList<Arrival> arrivals) => channel.Tell(new SubscriptionArrived(this, arrivals), ActorRefs.NoSender);

    void IArrivals.Passed(long ticket) => channel.Tell(new SubscriptionPassed(this, ticket), ActorRefs.NoSender);

    void IArrivals.Lost() => channel.Tell(new SubscriptionLost(this), ActorRefs.NoSender);
}

internal sealed record SubscriptionConfirmed(ChannelSubscription Subscription);

internal sealed record SubscriptionArrived(ChannelSubscription Subscription, IReadOnlyList<Arrival> Arrivals);

internal sealed record SubscriptionPassed(ChannelSubscription Subscription, long Ticket);

internal sealed record SubscriptionLost(ChannelSubscription Subscription);
