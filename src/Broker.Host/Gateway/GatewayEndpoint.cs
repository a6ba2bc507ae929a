using Broker.Actors.Audiences;
using Broker.Actors.Connections;
using Broker.Host.Clients;
using Broker.Host.Policy;
using Broker.Host.WebSockets;

namespace Broker.Host.Gateway;

/// <summary>
/// The websocket that takes Redis commands: <c>broker.redis-commands</c>. For pages of allowed origins only, and outside Development for clients that are somebody.
/// </summary>
internal sealed class GatewayEndpoint(
    GatewaySettings gateway, ClientSettings clients, BrokerHost host, Admission admission, AccessRules rules, SocketPlaces places, GatewayClients open,
    IHostEnvironment environment, TimeProvider time, ILogger<GatewayEndpoint> log)
{
    private static readonly HandshakeRefusal Anonymous = Refusals.Forbidden("Log in first");

    private readonly WebSocketSettings _websocket = clients.WebSocket with { MaxMessageBytes = gateway.MaxRequest };

    public Task ServeAsync(HttpContext context) =>
        Refusals.ServeAsync(context, () => OpenAsync(context), refusal => refusal.WriteAsync(context), "A gateway client", host, log);

    private async Task<HandshakeRefusal?> OpenAsync(HttpContext context)
    {
        if (WebSocketHandshake.Check(context) is { } unfit) return unfit;
        if (!clients.Origins.AllowSocket(context.Request)) return Admission.WrongOrigin;
        if (host.Node.IsDraining) return Refusals.Stopping;
        if (!places.TryTake()) return Refusals.Full;

        try
        {
            var client = await admission.IdentifyAsync(context);
            if (client.Refusal is { } unknown) return unknown;
            if (!MayEnter(context, client.Value!.Caller)) return Anonymous;

            await CarryAsync(context);
            return null;
        }
        finally
        {
            places.Leave();
        }
    }

    /// <summary>In Development also anybody for whom everything else is open.</summary>
    private bool MayEnter(HttpContext context, Caller caller) => caller.IsAuthenticated || (environment.IsDevelopment() && rules.IsOpenTo(context));

    private async Task CarryAsync(HttpContext context)
    {
        var pipe = await WebSocketHandshake.AcceptAsync(context, WebSocketHandshake.ChooseSubprotocol(context.Request, clients.Subprotocols));
        var socket = new WebSocketConnection(pipe, _websocket, time);
        var client = new GatewayClient(host.Node.Bus, gateway, socket.Transport, time, log);

        if (!open.TryEnter(socket.Transport)) socket.Transport.Close(CloseReason.GoingAway);
        try
        {
            await socket.RunAsync(client);
        }
        finally
        {
            open.Leave(socket.Transport);
        }
    }
}
