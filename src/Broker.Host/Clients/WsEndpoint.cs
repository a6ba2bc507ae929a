using Broker.Actors.Connections;
using Broker.Host.Identity;
using Broker.Host.WebSockets;

namespace Broker.Host.Clients;

/// <summary>
/// Opens ws4redis websockets: who the client is and what it may do is established over HTTP, and so is that its channels are subscribed.
/// </summary>
internal sealed class WsEndpoint(ClientSettings settings, SocketOpening opening, Admission admission, TimeProvider time)
{
    private static readonly HandshakeRefusal NoRedis = Refusals.Unavailable("The channels cannot be subscribed now");

    /// <summary>A websocket of a facility: <c>/ws/{facility}?words</c>.</summary>
    public Task ServeAsync(HttpContext context) => ServeAsync(context, PlanAsync);

    /// <summary>A websocket of a raw channel.</summary>
    public Task ServeRawAsync(HttpContext context, RawChannel channel) => ServeAsync(context, async request =>
    {
        var client = await admission.IdentifyAsync(request);
        return client.Refusal is { } refusal ? refusal : new Planned(client.Value!, channel.PlanFor(client.Value!));
    });

    private Task ServeAsync(HttpContext context, Func<HttpContext, ValueTask<OrRefusal<Planned>>> planOf)
    {
        Planned? planned = null;
        var subprotocol = WebSocketHandshake.ChooseSubprotocol(context.Request, settings.Subprotocols);
        return opening.ServeAsync(context, "A websocket", settings.WebSocket, subprotocol, ConnectAsync, IsReadyAsync);

        async Task<OrRefusal<WireConnection>> ConnectAsync()
        {
            var plan = await planOf(context);
            if (plan.Refusal is { } refusal) return refusal;

            planned = plan.Value!;
            return await opening.ConnectAsync(node => node.OpenAsync(planned.Plan, RawWireFormat.Instance));
        }

        async ValueTask<HandshakeRefusal?> IsReadyAsync(WireConnection connection)
        {
            if (!await HasSubscribedAsync(connection, context.RequestAborted) && !settings.AcceptWithoutRedis) return NoRedis;
            return await admission.LookAgainAsync(planned!.Client, context.RequestAborted);
        }
    }

    private async ValueTask<OrRefusal<Planned>> PlanAsync(HttpContext context)
    {
        var admitted = await admission.AdmitSocketAsync(context);
        if (admitted.Refusal is { } refusal) return refusal;

        var (client, grant, echo) = admitted.Value!;
        var plan = new ConnectionPlan(
            client.Caller, grant.Subscribe, grant.Publish, echo, Replay: true, settings.HeartbeatFrame, settings.HeartbeatText, Token: client.Token);
        return new Planned(client, plan);
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

    private sealed record Planned(Identified Client, ConnectionPlan Plan);
}
