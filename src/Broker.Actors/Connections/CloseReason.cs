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

    /// <summary>The client reads more slowly than its channels publish.</summary>
    public static readonly CloseReason Slow = new(3008, "slow");

    /// <summary>No answer to a ping within the limit.</summary>
    public static readonly CloseReason NoPong = new(3012, "no pong");
}
