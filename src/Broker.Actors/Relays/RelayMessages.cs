using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Relays;

/// <summary>What clients of a node tell the relay of a channel. All of it goes through <see cref="RelaysActor"/>, which starts the relay when needed.</summary>
internal interface IRelayMessage
{
    ChannelName Channel { get; }
}

/// <summary>A subscriber comes. The answer, <see cref="Joined"/>, goes to its owner once it is subscribed and has had its replay.</summary>
internal sealed record Join(ChannelName Channel, Subscriber Subscriber) : IRelayMessage;

/// <summary>The relay that a joining subscriber's owner should watch: if it goes, joined or not, join again.</summary>
internal sealed record JoinsAt(Subscriber Subscriber, IActorRef Relay);

/// <summary>A subscriber has joined.</summary>
/// <param name="Position">Where the channel stood when the subscriber began to get what is live.</param>
/// <param name="Recovered">It came with a position and got all that it had missed.</param>
internal sealed record Joined(ChannelName Channel, Subscriber Subscriber, StreamPosition Position, bool Recovered);

/// <summary>A subscriber goes. Nothing is answered.</summary>
internal sealed record Leave(ChannelName Channel, Subscriber Subscriber) : IRelayMessage;

/// <summary>A client publishes.</summary>
/// <param name="Until">How long it may wait to be sent, on the clock of <see cref="Settings.BrokerServices.Now"/>.</param>
/// <param name="Retry">While Redis cannot be reached it is tried again until then; otherwise the first refusal ends it.</param>
internal sealed record RelayPublish(ChannelName Channel, OutgoingPublication Publication, PublishTicket Ticket, TimeSpan Until, bool Retry) : IRelayMessage;

/// <summary>A relay has nothing to do. It stops if it has handled all that was sent to it.</summary>
internal sealed record RelayIdle(ChannelName Channel, long Handled);
