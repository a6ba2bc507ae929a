namespace Broker.Host.WebSockets;

/// <summary>The bounds of one websocket, from <c>broker.websocket</c>.</summary>
/// <param name="MaxMessageBytes">The largest message that a client may send, its fragments together; beyond it the client is closed with 1009.</param>
/// <param name="CloseTimeout">How long a closing client may take to read what was written and to answer the close frame before it is cut off.</param>
/// <param name="PingInterval">A client that is silent for so long is pinged, and again after as long.</param>
/// <param name="DeadAfter">A client that is silent for so long is closed with 3012.</param>
internal sealed record WebSocketSettings(int MaxMessageBytes, TimeSpan CloseTimeout, TimeSpan PingInterval, TimeSpan DeadAfter);
