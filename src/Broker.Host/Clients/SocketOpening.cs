using Broker.Actors.Connections;
using Broker.Actors.Nodes;
using Broker.Host.WebSockets;

namespace Broker.Host.Clients;

/// <summary>
/// Opens websockets, whatever they are for: refuses over HTTP what is to be refused, and carries the others from their upgrade to their end.
/// </summary>
internal sealed class SocketOpening(ClientSettings settings, BrokerHost host, SocketPlaces places, TimeProvider time, ILogger<SocketOpening> log)
{
    private static readonly HandshakeRefusal Busy = Refusals.Unavailable("The server is busy");

    /// <param name="what">What the client wanted, for the log.</param>
    /// <param name="socket">The bounds of its websocket.</param>
    /// <param name="subprotocol">What it is answered: one that it offers, or null.</param>
    /// <param name="connect">Opens its connection (<see cref="ConnectAsync"/>), or says why not.</param>
    /// <param name="isReady">Null once the connection may be accepted, otherwise why it ends instead.</param>
    public Task ServeAsync<T>(
        HttpContext context, string what, WebSocketSettings socket, string? subprotocol, Func<Task<OrRefusal<T>>> connect, Func<T, ValueTask<HandshakeRefusal?>>? isReady = null)
        where T : ClientConnection =>
        Refusals.ServeAsync(context, () => OpenAsync(context, socket, subprotocol, connect, isReady), refusal => refusal.WriteAsync(context), what, host, log);

    /// <summary>Opens a connection at the node.</summary>
    public async Task<OrRefusal<T>> ConnectAsync<T>(Func<BrokerNode, Task<T>> open) where T : ClientConnection
    {
        if (host.Node.IsDraining) return Refusals.Stopping;
        try
        {
            return await open(host.Node);
        }
        catch (InvalidOperationException)
        {
            return Refusals.Stopping;
        }
        catch (AskTimeoutException)
        {
            return Busy;
        }
    }

    /// <summary>Null once there is a websocket, or, where nobody takes it over, once it has ended. Otherwise the answer why there is none.</summary>
    private async Task<HandshakeRefusal?> OpenAsync<T>(
        HttpContext context, WebSocketSettings socket, string? subprotocol, Func<Task<OrRefusal<T>>> connect, Func<T, ValueTask<HandshakeRefusal?>>? isReady) where T : ClientConnection
    {
        if (WebSocketHandshake.Check(context) is { } unfit) return unfit;
        if (!settings.Origins.AllowSocket(context.Request)) return Admission.WrongOrigin;
        if (!places.TryTake()) return Refusals.Full;

        ClientConnection? connection = null;
        var isOpen = false;
        try
        {
            var connected = await connect();
            if (connected.Refusal is { } refusal) return refusal;

            connection = connected.Value!;
            if (isReady is not null && await isReady(connected.Value!) is { } late) return late;

            var pipe = await WebSocketHandshake.AcceptAsync(context, subprotocol);
            var websocket = new WebSocketConnection(pipe, socket, time);
            isOpen = true;
            await WebSocketHandshake.CarryAsync(context, () => RunAsync(websocket, connection));
            return null;
        }
        finally
        {
            if (!isOpen)
            {
                connection?.Ended(CloseFrame.Lost);
                places.Leave();
            }
        }
    }

    private Task RunAsync(WebSocketConnection socket, ClientConnection connection)
    {
        connection.Attach(socket.Transport);
        return socket.RunAsync(new ClientSocket(connection, places, host.Node.Metrics, log));
    }
}
