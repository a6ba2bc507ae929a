using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;

namespace Broker.Actors.Rich;

// What the server API orders of an open client, besides Connections.CloseConnection. A client of ws4redis mode has its channels from its URL: it takes only that one.

/// <summary>The server subscribes a client; the client is told. One that has subscribed itself is left as it is.</summary>
/// <param name="Resume">Where it is to go on, if the caller knows.</param>
internal sealed record SubscribeClient(ChannelName Channel, ReadOnlyMemory<byte> ChannelInfo, DateTimeOffset? ExpiresAt, Resume Resume, ReadOnlyMemory<byte> Data);

/// <summary>A subscription of a client's ends, whoever made it.</summary>
internal sealed record UnsubscribeClient(ChannelName Channel, UnsubscribeCode Code);

/// <summary>Subscriptions that stand by such tokens end: the client is to get others.</summary>
internal sealed record TakeBackSubscriptions(ClientFilter Tokens);

/// <summary>The connection ends at another time; the client is told.</summary>
/// <param name="ExpiresAt">Null: never.</param>
/// <param name="Expired">Now: it is to get a new token, or is closed with 3005.</param>
internal sealed record RefreshClient(DateTimeOffset? ExpiresAt, bool Expired);
