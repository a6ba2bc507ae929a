using Broker.Actors.Connections;

namespace Broker.Host.WebSockets;

/// <summary>What <see cref="FrameReader"/> found.</summary>
internal enum IncomingKind : byte
{
    /// <summary>Nothing yet: more bytes are needed.</summary>
    Nothing,

    /// <summary>A whole text message, valid UTF-8.</summary>
    Text,

    /// <summary>A whole binary message.</summary>
    Binary,

    /// <summary>A ping; its payload belongs into the pong.</summary>
    Ping,

    /// <summary>A pong, asked for or not.</summary>
    Pong,

    /// <summary>The client closes; nothing after it counts.</summary>
    Close,

    /// <summary>The client broke a rule; <see cref="Incoming.Reason"/> is what it is to be told.</summary>
    Violation,
}

/// <summary>One thing that a client sent.</summary>
/// <param name="Payload">A message or a ping's payload: an array of its own, the receiver's to keep.</param>
/// <param name="Reason">Of a close (code 1005 where the client gave none) or a violation.</param>
internal readonly record struct Incoming(IncomingKind Kind, ReadOnlyMemory<byte> Payload = default, CloseReason Reason = default);
