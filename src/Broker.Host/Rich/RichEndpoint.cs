using Broker.Host.Clients;
using Broker.Host.WebSockets;

namespace Broker.Host.Rich;

/// <summary>
/// Opens rich clients' websockets, at <c>broker.rich.path</c>. Over HTTP it refuses only what is no fit websocket, comes from a wrong page, or has no place; who the client is and what it
/// may do it hears on the websocket.
/// </summary>
/// <remarks>
/// Which of the protocol's two encodings a client speaks it says by its subprotocol or else in the query, as to Centrifugo; one that says nothing speaks JSON. From there on that is what its messages
/// are read as, text or binary.
/// </remarks>
internal sealed class RichEndpoint(ClientSettings settings, SocketOpening opening, ClientGates gates)
{
    private const string Json = "centrifuge-json";
    private const string Protobuf = "centrifuge-protobuf";

    private readonly string[] _subprotocols = [Json, Protobuf, .. settings.Subprotocols];

    public Task ServeAsync(HttpContext context)
    {
        var subprotocol = WebSocketHandshake.ChooseSubprotocol(context.Request, _subprotocols);
        var isProtobuf = subprotocol == Protobuf || (subprotocol != Json && AsksForProtobuf(context.Request.Query));
        var framing = isProtobuf ? WebSocketFraming.Protobuf : WebSocketFraming.Json;
        return opening.ServeAsync(context, "A rich client", settings.RichWebSocket, subprotocol, async () =>
        {
            var gate = await gates.OpenAsync(context);
            return await opening.ConnectAsync(node => node.OpenAsync(gate, framing));
        });
    }

    private static bool AsksForProtobuf(IQueryCollection query) => query["cf_protocol"] == "protobuf" || query["format"] == "protobuf";
}
