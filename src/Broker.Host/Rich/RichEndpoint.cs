using Broker.Host.Clients;
using Broker.Host.WebSockets;

namespace Broker.Host.Rich;

/// <summary>
/// Opens rich clients' websockets, at <c>broker.rich.path</c>. Over HTTP it refuses only what is no fit websocket, comes from a wrong page, or has no place; who the client is and what it
/// may do it hears on the websocket.
/// </summary>
internal sealed class RichEndpoint(ClientSettings settings, SocketOpening opening, ClientGates gates)
{
    public Task ServeAsync(HttpContext context) => opening.ServeAsync(context, "A rich client", settings.RichWebSocket, async () =>
    {
        var gate = await gates.OpenAsync(context);
        return await opening.ConnectAsync(node => node.OpenAsync(gate, WebSocketFraming.Json));
    });
}
