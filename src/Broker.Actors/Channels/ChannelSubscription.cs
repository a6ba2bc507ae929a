using Broker.Actors.Redis;

namespace Broker.Actors.Channels;

/// <summary>
/// Turns what the bus tells about a channel's subscription into messages to its actor. A restarted actor has a new one.
/// </summary>
internal sealed class ChannelSubscription(IActorRef channel) : IArrivals
{
    void IArrivals.Subscribed() => channel.Tell(new SubscriptionConfirmed(this), ActorRefs.NoSender);

    void IArrivals.Arrived(IReadOnlyList<Arrival> arrivals) => channel.Tell(new SubscriptionArrived(this, arrivals), ActorRefs.NoSender);

    void IArrivals.Passed(long ticket) => channel.Tell(new SubscriptionPassed(this, ticket), ActorRefs.NoSender);

    void IArrivals.Lost() => channel.Tell(new SubscriptionLost(this), ActorRefs.NoSender);

    void IArrivals.Refused(string reason) => channel.Tell(new SubscriptionRefused(this, reason), ActorRefs.NoSender);
}

/// <summary>Something that Redis told an actor. The subscription names the actor's life: what was asked before a restart is not for the one after it.</summary>
internal abstract record FromRedis(ChannelSubscription Life);

internal sealed record SubscriptionConfirmed(ChannelSubscription Life) : FromRedis(Life);

internal sealed record SubscriptionArrived(ChannelSubscription Life, IReadOnlyList<Arrival> Arrivals) : FromRedis(Life);

internal sealed record SubscriptionPassed(ChannelSubscription Life, long Ticket) : FromRedis(Life);

internal sealed record SubscriptionLost(ChannelSubscription Life) : FromRedis(Life);

internal sealed record SubscriptionRefused(ChannelSubscription Life, string Reason) : FromRedis(Life);
