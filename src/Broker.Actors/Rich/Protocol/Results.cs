using Broker.Actors.Channels;

namespace Broker.Actors.Rich.Protocol;

// What rich clients get. Data and infos are JSON text, but the answer to a call may be any bytes; empty where there is none.

/// <summary>Who a client is to others on a channel.</summary>
/// <param name="User">Empty for an anonymous client.</param>
/// <param name="Client">The connection's id.</param>
/// <param name="ConnectionInfo">What the application or the token says of the connection.</param>
/// <param name="ChannelInfo">What the subscription token says of the client on this channel.</param>
public sealed record ClientInfo(string User, string Client, ReadOnlyMemory<byte> ConnectionInfo, ReadOnlyMemory<byte> ChannelInfo);

/// <summary>When what was given ends.</summary>
/// <param name="Seconds">From now; 0: it does not.</param>
internal readonly record struct Lifetime(uint Seconds)
{
    public bool Expires => Seconds > 0;
}

/// <param name="PingSeconds">The server pings so often; 0 for never.</param>
internal sealed record ConnectResult(
    string Client, Lifetime Lifetime, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, SubscribeResult> Subscriptions, uint PingSeconds, bool Pong, string Session, string Node);

/// <param name="Position">Told to the client if it is recoverable or positioned.</param>
/// <param name="Publications">What it missed; all or none.</param>
internal sealed record SubscribeResult(
    Lifetime Lifetime, bool Recoverable, bool Positioned, StreamPosition Position, bool WasRecovering, bool Recovered, IReadOnlyList<Publication> Publications, ReadOnlyMemory<byte> Data);
