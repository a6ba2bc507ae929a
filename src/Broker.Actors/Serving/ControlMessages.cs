using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Serving;

/// <summary>What goes between the server API and the <see cref="ControlActor"/> of each node: <see cref="Wire.ControlSerializer"/>.</summary>
internal interface IControlMessage;

/// <summary>Tells clients of the node something; answered with <see cref="Ordered"/>.</summary>
/// <param name="Order">
/// <see cref="CloseConnection"/>, <see cref="TakeBack"/>, <see cref="Rich.SubscribeClient"/>, <see cref="Rich.UnsubscribeClient"/>, <see cref="UnsubscribeFromAll"/> or
/// <see cref="Rich.RefreshClient"/>.
/// </param>
internal sealed record OrderClients(ClientFilter Clients, object Order) : IControlMessage;

/// <summary>A client's subscriptions end, all of them.</summary>
internal sealed record UnsubscribeFromAll(UnsubscribeCode Code);

/// <summary>What clients came with does not count any more: they are closed. Of the others, subscriptions that stand by it end.</summary>
internal sealed record TakeBack(CloseReason Reason);

/// <param name="Clients">How many were told.</param>
internal sealed record Ordered(int Clients) : IControlMessage;

/// <summary>Asks for a page of the node's clients, in the order of their ids; answered with <see cref="ClientsFound"/>.</summary>
/// <param name="Channel">Those that are subscribed to it; null for any.</param>
/// <param name="After">The page begins after this id; empty for the first.</param>
internal sealed record FindClients(ClientFilter Clients, ChannelName? Channel, string After, int Limit) : IControlMessage;

internal sealed record ClientsFound(Page<ConnectedClient> Page) : IControlMessage;

/// <summary>Asks for a page of the channels that the node's clients are subscribed to, in the order of their names; answered with <see cref="ChannelsCounted"/>.</summary>
internal sealed record CountChannels(string Pattern, string After) : IControlMessage;

internal sealed record ChannelsCounted(Page<ChannelCount> Page) : IControlMessage;

/// <summary>Asks what the node has to do; answered with <see cref="Figures"/>.</summary>
internal sealed record AskFigures : IControlMessage
{
    public static readonly AskFigures Instance = new();
}

/// <param name="Channels">Channels with local clients.</param>
/// <param name="Subscriptions">Clients' subscriptions.</param>
/// <param name="UptimeSeconds">Since the node started.</param>
internal sealed record Figures(string Version, int Clients, int Users, int Channels, int Subscriptions, long UptimeSeconds) : IControlMessage;

/// <summary>A channel and how many clients are subscribed to it.</summary>
/// <param name="Name">As it may be shown: a session's key by its hash.</param>
/// <param name="Clients">Clients of ws4redis and rich mode, and event streams.</param>
public sealed record ChannelCount(string Name, int Clients);

/// <summary>A part of a sorted list.</summary>
/// <param name="More">There is more after the last one.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, bool More);
