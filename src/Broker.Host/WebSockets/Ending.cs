using Broker.Actors.Connections;

namespace Broker.Host.WebSockets;

/// <summary>Who or what ended a websocket.</summary>
internal enum EndKind
{
    /// <summary>The client closed it; the reason is the client's, code 1005 if it gave none.</summary>
    Client,

    /// <summary>Somebody here closed it, and the client took its leave.</summary>
    Server,

    /// <summary>The client broke the protocol; the reason is what it was told.</summary>
    Violation,

    /// <summary>The bytes stopped without a close frame; the code is 1006.</summary>
    Lost,

    /// <summary>Closed here, but the client did not read or answer in time and was cut off; the reason is the one of the close.</summary>
    TimedOut,

    /// <summary>The handler of a message threw; the client was told 1011.</summary>
    Failed,
}

/// <summary>How a websocket ended. There is exactly one for each.</summary>
/// <param name="Error">What the message handler threw, or the connection when it was lost; otherwise null.</param>
internal sealed record Ending(EndKind Kind, CloseReason Reason, Exception? Error = null);
