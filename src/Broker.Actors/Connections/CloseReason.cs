namespace Broker.Actors.Connections;

/// <summary>
/// Why a connection ends, as the client hears it: a websocket close code and a text of at most 123 bytes. RFC 6455 has those below 3000; Centrifugo the others.
/// </summary>
public readonly record struct CloseReason(int Code, string Text)
{
    /// <summary>The client asked for it.</summary>
    public static readonly CloseReason Normal = new(1000, "");

    /// <summary>The node is stopping; come back, to another one. The code is what every websocket client knows for it, the text says it to whoever reads a log.</summary>
    public static readonly CloseReason GoingAway = new(1001, "going away: reconnect");

    /// <summary>The client broke the websocket protocol.</summary>
    public static readonly CloseReason ProtocolError = new(1002, "protocol error");

    /// <summary>A text message that is not UTF-8.</summary>
    public static readonly CloseReason InvalidPayload = new(1007, "invalid UTF-8");

    /// <summary>A message larger than the limit.</summary>
    public static readonly CloseReason TooBig = new(1009, "message too big");

    /// <summary>The node failed; the fault is not the client's.</summary>
    public static readonly CloseReason InternalError = new(1011, "internal error");

    // 3000 to 3499: the client comes again by itself. Rich clients know all of these, the others the code's range.

    /// <summary>It has ended without anybody's advice.</summary>
    public static readonly CloseReason ConnectionClosed = new(3000, "connection closed");

    /// <summary>The node is stopping: what <see cref="GoingAway"/> is to rich clients.</summary>
    public static readonly CloseReason Shutdown = new(3001, "shutdown");

    /// <summary>The node failed: what <see cref="InternalError"/> is to rich clients.</summary>
    public static readonly CloseReason ServerError = new(3004, "internal server error");

    /// <summary>Its token was not refreshed in time.</summary>
    public static readonly CloseReason Expired = new(3005, "connection expired");

    /// <summary>A subscription's token was not refreshed in time.</summary>
    public static readonly CloseReason SubscriptionExpired = new(3006, "subscription expired");

    /// <summary>The client reads more slowly than its channels publish.</summary>
    public static readonly CloseReason Slow = new(3008, "slow");

    /// <summary>It cannot be written to.</summary>
    public static readonly CloseReason WriteError = new(3009, "write error");

    /// <summary>It may have missed something on a channel that the server subscribed it to; it recovers when it comes again.</summary>
    public static readonly CloseReason InsufficientState = new(3010, "insufficient state");

    /// <summary>The application wants it to come again.</summary>
    public static readonly CloseReason ForceReconnect = new(3011, "force reconnect");

    /// <summary>No answer to a ping within the limit.</summary>
    public static readonly CloseReason NoPong = new(3012, "no pong");

    /// <summary>It sends more than it may.</summary>
    public static readonly CloseReason TooManyRequests = new(3013, "too many requests");

    /// <summary>Its token and all that it remembers count no more: it gets a new one and begins anew.</summary>
    public static readonly CloseReason StateInvalidated = new(3014, "state invalidated");

    // 3500 to 3999: the client does not come again.

    /// <summary>A token that is not valid.</summary>
    public static readonly CloseReason InvalidToken = new(3500, "invalid token");

    /// <summary>It does not speak the protocol.</summary>
    public static readonly CloseReason BadRequest = new(3501, "bad request");

    /// <summary>It did not say in time who it is.</summary>
    public static readonly CloseReason Stale = new(3502, "stale");

    /// <summary>The application does not want it to come again.</summary>
    public static readonly CloseReason ForceDisconnect = new(3503, "force disconnect");

    /// <summary>The user, or the node, has too many connections.</summary>
    public static readonly CloseReason ConnectionLimit = new(3504, "connection limit");

    /// <summary>It subscribes to too many channels.</summary>
    public static readonly CloseReason ChannelLimit = new(3505, "channel limit");

    /// <summary>It would get what its protocol cannot carry.</summary>
    public static readonly CloseReason InappropriateProtocol = new(3506, "inappropriate protocol");

    /// <summary>It may not be here.</summary>
    public static readonly CloseReason PermissionDenied = new(3507, "permission denied");

    /// <summary>It asked for what the server does not do, in a way that gets no answer.</summary>
    public static readonly CloseReason NotAvailable = new(3508, "not available");

    /// <summary>It made too many mistakes.</summary>
    public static readonly CloseReason TooManyErrors = new(3509, "too many errors");
}
