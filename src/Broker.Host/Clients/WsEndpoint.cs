using Broker.Actors.Connections;
using Broker.Host.WebSockets;

namespace Broker.Host.Clients;

/// <summary>
/// Opens websockets: refuses over HTTP what is to be refused, and carries the others from their upgrade to their end.
/// </summary>
internal sealed class WsEndpoint(ClientSettings settings, BrokerHost host, Admission admission, SocketPlaces places, TimeProvider time, ILogger<WsEndpoint> log)
{
    private static readonly HandshakeRefusal Full = Refusals.Unavailable("Too many connections");

    private static readonly HandshakeRefusal Busy = Refusals.Unavailable("The server is busy");

    private static readonly HandshakeRefusal NoRedis = Refusals.Unavailable("The channels cannot be subscribed now");

    /// <summary>A websocket of a facility: <c>/ws/{facility}?words</c>.</summary>
    public Task ServeAsync(HttpContext context) => ServeAsync(context, PlanAsync);

    /// <summary>A websocket of a raw channel.</summary>
    public Task ServeRawAsync(HttpContext context, RawChannel channel) => ServeAsync(context, async request =>
    {
        var client = await admission.IdentifyAsync(request);
        return client.Refusal is { } refusal ? refusal : channel.PlanFor(client.Value!.Caller);
    });

    private Task ServeAsync(HttpContext context, Func<HttpContext, ValueTask<OrRefusal<ConnectionPlan>>> plan) =>
        Refusals.ServeAsync(context, () => OpenAsync(context, plan), refusal => refusal.WriteAsync(context), "A websocket", log);

    /// <summary>Null once there is a websocket, or, where nobody takes it over, once it has ended. Otherwise the answer why there is none.</summary>
    private async Task<HandshakeRefusal?> OpenAsync(HttpContext context, Func<HttpContext, ValueTask<OrRefusal<ConnectionPlan>>> planOf)
    {
        if (WebSocketHandshake.Check(context) is { } unfit) return unfit;
        if (!settings.Origins.AllowSocket(context.Request)) return Admission.WrongOrigin;
        if (!places.TryTake()) return Full;

        var isOpen = false;
        try
        {
            var plan = await planOf(context);
            if (plan.Refusal is { } refusal) return refusal;

            var opened = await ConnectAsync(context, plan.Value!);
            if (opened.Refusal is { } late) return late;

            isOpen = true;
            await WebSocketHandshake.CarryAsync(context, opened.Value!);
            return null;
        }
        finally
        {
            if (!isOpen) places.Leave();
        }
    }

    private async ValueTask<OrRefusal<ConnectionPlan>> PlanAsync(HttpContext context)
    {
        var client = await admission.AdmitSocketAsync(context);
        if (client.Refusal is { } refusal) return refusal;

        var (caller, grant, echo) = client.Value!;
        return new ConnectionPlan(caller, grant.Subscribe, grant.Publish, echo, Replay: true, settings.HeartbeatFrame, settings.HeartbeatText);
    }

    private async ValueTask<OrRefusal<Func<Task>>> ConnectAsync(HttpContext context, ConnectionPlan plan)
    {
        if (host.Node.IsDraining) return Refusals.Stopping;

        WireConnection connection;
        try
        {
            connection = await host.Node.OpenAsync(plan, RawWireFormat.Instance);
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
            if (!await HasSubscribedAsync(connection, context.RequestAborted) && !settings.AcceptWithoutRedis) return NoRedis;

            var pipe = await WebSocketHandshake.AcceptAsync(context, WebSocketHandshake.ChooseSubprotocol(context.Request, settings.Subprotocols));
            var socket = new WebSocketConnection(pipe, settings.WebSocket, time);
            isOpen = true;
            return new OrRefusal<Func<Task>>(() => RunAsync(socket, connection), null);
        }
        finally
        {
            if (!isOpen) connection.Ended(CloseFrame.Lost);
        }
    }

    private Task RunAsync(WebSocketConnection socket, ClientConnection connection)
    {
        connection.Attach(socket.Transport);
        return socket.RunAsync(new ClientSocket(connection, places, log));
    }

    private async ValueTask<bool> HasSubscribedAsync(WireConnection connection, CancellationToken aborted)
    {
        if (connection.Subscribed.IsCompleted) return true;
        try
        {
            await connection.Subscribed.WaitAsync(settings.SubscribeTimeout, time, aborted);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
