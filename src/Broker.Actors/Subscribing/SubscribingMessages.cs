using Broker.Actors.Channels;
using Broker.Actors.Publishing;

namespace Broker.Actors.Subscribing;

// What an application's own actors tell BrokerNode.Actor, and what they get.

/// <summary>
/// An actor subscribes to a channel. It gets <see cref="Subscribed"/>, then a <see cref="Publication"/> for each publication. Ends with <see cref="Unsubscribe"/>, or when the actor stops.
/// </summary>
/// <remarks>
/// If it is subscribed already, a new subscription takes the former one's place: what comes before the next <see cref="Subscribed"/> is the former one's. A further <see cref="Subscribed"/>
/// without a further order says that the node had a failure: not recovered, something was missed.
/// </remarks>
/// <param name="Channel">Which.</param>
/// <param name="Subscriber">Who gets the publications.</param>
/// <param name="Since">What it has seen; what came after it comes first, if the channel's history is whole from there on.</param>
public sealed record Subscribe(ChannelName Channel, IActorRef Subscriber, StreamPosition? Since = null);

/// <summary>The subscription has begun.</summary>
/// <param name="Channel">Which.</param>
/// <param name="Position">Where the channel stood.</param>
/// <param name="Recovered">It came with a position and gets everything since then.</param>
public sealed record Subscribed(ChannelName Channel, StreamPosition Position, bool Recovered);

/// <summary>The subscription has ended, and not by <see cref="Unsubscribe"/>: no publication comes after this.</summary>
public sealed record Unsubscribed(ChannelName Channel, UnsubscribeReason Reason);

/// <summary>Why a subscription has ended.</summary>
public enum UnsubscribeReason
{
    /// <summary>The node stops.</summary>
    NodeStops,

    /// <summary>The node failed; what it logged says how. Subscribe again, from the last position.</summary>
    Failed,
}

/// <summary>Ends an actor's subscription of a channel.</summary>
public sealed record Unsubscribe(ChannelName Channel, IActorRef Subscriber);

/// <summary>Publishes on one channel. The sender, if there is one, gets <see cref="Published"/> or <see cref="PublishFailed"/>.</summary>
/// <param name="Channel">Where.</param>
/// <param name="Payload">At most <c>broker.max-message</c> bytes.</param>
/// <param name="Expire">Seconds that it stays the last message; <c>broker.expire</c> by default.</param>
/// <param name="PublishId">Makes a repeat harmless on channels with history.</param>
public sealed record Publish(ChannelName Channel, ReadOnlyMemory<byte> Payload, int? Expire = null, string? PublishId = null);

/// <summary>A <see cref="Publish"/> failed.</summary>
public sealed record PublishFailed(ChannelName Channel, PublishProblem Problem);

/// <summary>A <see cref="Subscription"/> begins.</summary>
internal sealed record StartReader(ChannelName Channel, IPublicationReader Reader, StreamPosition? Since);

/// <summary>It ends.</summary>
internal sealed record StopReader(IPublicationReader Reader);
