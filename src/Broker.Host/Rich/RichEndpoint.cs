using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Host.Clients;
using Broker.Host.WebSockets;

namespace Broker.Host.Rich;

/// <summary>
/// Opens rich clients' websockets, at <c>broker.rich.path</c>. Over HTTP it refuses only what is no fit websocket, comes from a wrong page, or has no place; who the client is and what it
/// may do it hears on the websocket.
/// </summary>
internal sealed class RichEndpoint(ClientSettings settings, BrokerHost host, ClientGates gates, SocketPlaces places, TimeProvider time, ILogger<RichEndpoint> log)
{
    private static readonly HandshakeRefusal Full = Refusals.Unavailable("Too many connections");

    private static readonly HandshakeRefusal Busy = Refusals.Unavailable("The server is busy");

    public Task ServeAsync(HttpContext context) => Refusals.ServeAsync(context, () => OpenAsync(context), refusal => refusal.WriteAsync(context), "A rich client", log);

    /// <summary>Null once there is a websocket, or, where nobody takes it over, once it has ended. Otherwise the answer why there is none.</summary>
    private async Task<HandshakeRefusal?> OpenAsync(HttpContext context)
    {
        if (WebSocketHandshake.Check(context) is { } unfit) return unfit;
        if (!settings.Origins.AllowSocket(context.Request)) return Clients.Admission.WrongOrigin;
        if (!places.TryTake()) return Full;

        var isOpen = false;
        try
        {
            var opened = await ConnectAsync(context, await gates.OpenAsync(context));
            if (opened.Refusal is { } refusal) return refusal;

            isOpen = true;
            await WebSocketHandshake.CarryAsync(context, opened.Value!);
            return null;
        }
        finally
        {
            if (!isOpen) places.Leave();
        }
    }

    private async ValueTask<OrRefusal<Func<Task>>> ConnectAsync(HttpContext context, IClientGate gate)
    {
        if (host.Node.IsDraining) return Refusals.Stopping;

        RichConnection connection;
        try
        {
            connection = await host.Node.OpenAsync(gate, WebSocketFraming.Instance);
        }
        catch (InvalidOperationException)
        {
            return Refusals.Stopping;
        }
        catch (AskTimeoutException)
        {
            return Busy;
        }

        var isOpen = false;
        try
        {
            var pipe = await WebSocketHandshake.AcceptAsync(context, WebSocketHandshake.ChooseSubprotocol(context.Request, settings.Subprotocols));
            var socket = new WebSocketConnection(pipe, settings.RichWebSocket, time);
            isOpen = true;
            return new OrRefusal<Func<Task>>(() => RunAsync(socket, connection), null);
        }
        finally
        {
            if (!isOpen) connection.Ended(CloseFrame.Lost);
        }
    }

    private Task RunAsync(WebSocketConnection socket, RichConnection connection)
    {
        connection.Attach(socket.Transport);
        return socket.RunAsync(new ClientSocket(connection, places, log));
    }
}
