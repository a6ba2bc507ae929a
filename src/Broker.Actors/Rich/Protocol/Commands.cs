using Broker.Actors.Channels;

namespace Broker.Actors.Rich.Protocol;

// What rich clients send: the commands of the Centrifuge client protocol. Data is as the client wrote it, JSON text or, in Protobuf, any bytes; empty where there is none.

/// <summary>One command of a client.</summary>
/// <param name="Id">Names its reply; 0 for those that get none.</param>
internal abstract record Command(uint Id);

/// <summary>The first command of a connection.</summary>
/// <param name="Token">Empty: the connection is whoever the request was.</param>
/// <param name="Since">Server-side subscriptions that the client had, with where it stood.</param>
internal sealed record Connect(uint Id, string Token, ReadOnlyMemory<byte> Data, string Name, string Version, IReadOnlyDictionary<string, Resume> Since) : Command(Id);

/// <summary>Where a client stood in a channel, if it wants to go on from there.</summary>
internal readonly record struct Resume(bool Recover, StreamPosition Position);

internal sealed record Subscribe(
    uint Id, string Channel, string Token, Resume Resume, ReadOnlyMemory<byte> Data, bool Positioned, bool Recoverable, bool JoinLeave) : Command(Id);

internal sealed record Unsubscribe(uint Id, string Channel) : Command(Id);

/// <param name="PublishId">Makes a repeat harmless on channels with history; Broker's own addition to the protocol's JSON (<c>idempotency_key</c>). Empty: a new one.</param>
internal sealed record Publish(uint Id, string Channel, ReadOnlyMemory<byte> Data, string PublishId) : Command(Id);

internal sealed record ReadPresence(uint Id, string Channel) : Command(Id);

internal sealed record ReadPresenceStats(uint Id, string Channel) : Command(Id);

/// <param name="Limit">0: only the position; below 0: as much as may be given.</param>
internal sealed record ReadHistory(uint Id, string Channel, int Limit, StreamPosition? Since, bool Reverse) : Command(Id);

internal sealed record Rpc(uint Id, string Method, ReadOnlyMemory<byte> Data) : Command(Id);

internal sealed record Send(ReadOnlyMemory<byte> Data) : Command(0);

internal sealed record Refresh(uint Id, string Token) : Command(Id);

internal sealed record SubRefresh(uint Id, string Channel, string Token) : Command(Id);

internal sealed record Ping(uint Id) : Command(Id);

/// <summary>The answer to the server's ping: an empty command.</summary>
internal sealed record Pong() : Command(0);

/// <summary>A command with an id, and with a method that is not known or none: <see cref="RichError.MethodNotFound"/>.</summary>
internal sealed record UnknownCommand(uint Id) : Command(Id);
