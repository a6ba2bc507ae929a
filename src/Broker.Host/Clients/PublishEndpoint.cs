using Broker.Actors.Audiences;
using Broker.Actors.Connections;
using Broker.Actors.Publishing;
using Broker.Host.WebSockets;

namespace Broker.Host.Clients;

/// <summary>
/// Publishing without a socket, for pages that use fetch: <c>POST /publish/{facility}?publish-…</c>, the body is the message. Same identity, policy and publish handler as for a
/// websocket; but this client hears whether it was published.
/// </summary>
internal sealed class PublishEndpoint(ClientSettings settings, BrokerHost host, Admission admission, OtherOrigins origins, ILogger<PublishEndpoint> log)
{
    private static readonly HandshakeRefusal Denied = Refusals.Forbidden("Forbidden");
    private static readonly HandshakeRefusal Empty = Refusals.BadRequest("The message is empty");
    private static readonly HandshakeRefusal TooLarge = new(StatusCodes.Status413PayloadTooLarge, "The message is too large") { Limit = "max-message" };
    private static readonly HandshakeRefusal Unavailable = Refusals.Unavailable("Nothing can be published now");
    private static readonly HandshakeRefusal Unknown = new(StatusCodes.Status502BadGateway, "It may have been published or not");

    /// <summary>What a browser asks before it posts for a page of another origin.</summary>
    public Task PreflightAsync(HttpContext context)
    {
        origins.Answer(context);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public Task ServeAsync(HttpContext context)
    {
        origins.Answer(context);
        return Refusals.ServeAsync(context, () => AnswerAsync(context), refusal => RefuseAsync(context, refusal), "A publish", host, log);
    }

    private async Task<HandshakeRefusal?> AnswerAsync(HttpContext context)
    {
        var refusal = await PublishAsync(context);
        if (refusal is null) context.Response.StatusCode = StatusCodes.Status204NoContent;
        return refusal;
    }

    private static Task RefuseAsync(HttpContext context, HandshakeRefusal refusal)
    {
        context.Response.StatusCode = refusal.Status;
        if (refusal.Header is { } header) context.Response.Headers[header.Key] = header.Value;
        return context.Response.WriteAsJsonAsync(new Problem(refusal.Text), context.RequestAborted);
    }

    private async Task<HandshakeRefusal?> PublishAsync(HttpContext context)
    {
        if (!settings.Origins.AllowPost(context.Request)) return Admission.WrongOrigin;

        var admitted = await admission.AdmitPublishAsync(context);
        if (admitted.Refusal is { } refusal) return refusal;
        var (client, grant, _) = admitted.Value!;
        if (grant.Publish.Count == 0) return Denied;
        if (host.Node.IsDraining) return Refusals.Stopping;

        if (await RequestBody.ReadAsync(context.Request, settings.WebSocket.MaxMessageBytes) is not { } payload) return TooLarge;

        host.Node.Metrics.BytesIn(payload.Length);
        if (payload.Length == 0) return Empty;

        var decision = await host.Node.DecideAsync(new ClientPublish(client.Caller, grant.Publish, payload));
        if (!decision.IsAccepted)
        {
            host.Node.Metrics.PublishFailed("refused");
            return Denied;
        }

        return await PublishAsync(Audience.Exactly(grant.Publish), decision.Payload ?? payload, context.RequestAborted);
    }

    private async Task<HandshakeRefusal?> PublishAsync(Audience audience, ReadOnlyMemory<byte> payload, CancellationToken aborted)
    {
        try
        {
            await host.Node.Publisher("", audience).PublishAsync(payload, cancellation: aborted);
            return null;
        }
        catch (PublishException failure)
        {
            return failure.Problem switch
            {
                PublishProblem.TooLarge => TooLarge,
                PublishProblem.Refused => Denied,
                PublishProblem.Unknown => Unknown,
                _ => Unavailable,
            };
        }
    }

    private sealed record Problem(string Error);
}
