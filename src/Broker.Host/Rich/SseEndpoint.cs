using Broker.Actors.Channels;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Clients;
using Broker.Host.WebSockets;
using Admission = Broker.Host.Clients.Admission;

namespace Broker.Host.Rich;

/// <summary>
/// One channel as server-sent events, for clients behind proxies that let no websocket through: a rich client that has said all at once what it wants, over HTTP, and can only listen then.
/// </summary>
/// <remarks>
/// A browser that is answered with an error never tries again by itself. So only what will not change by trying is an error; for the rest the stream ends at once and says when to
/// come again.
/// </remarks>
internal sealed class SseEndpoint(
    ClientSettings settings, BrokerHost host, ClientGates gates, SocketOpening opening, SocketPlaces places, OtherOrigins origins, TimeProvider time, ILogger<SseEndpoint> log)
{
    /// <summary>Streams that end together come again apart.</summary>
    private static readonly (int From, int To) RetryMilliseconds = (1000, 5000);

    private static readonly HandshakeRefusal BadToken = new(StatusCodes.Status401Unauthorized, "The token is not valid");
    private static readonly HandshakeRefusal Denied = Refusals.Forbidden("Forbidden");
    private static readonly HandshakeRefusal NoChannel = Refusals.BadRequest("Say which channel: ?channel=NAME");

    /// <summary>Not now: it is to come again.</summary>
    private static readonly HandshakeRefusal Later = Refusals.Unavailable("Later");

    public Task ServeAsync(HttpContext context)
    {
        origins.Answer(context);
        return Refusals.ServeAsync(context, () => AnswerAsync(context), refusal => TellAsync(context, refusal), "A stream", host, log);
    }

    /// <summary>Null once the stream has ended.</summary>
    private async Task<HandshakeRefusal?> AnswerAsync(HttpContext context)
    {
        if (!settings.Origins.AllowSocket(context.Request)) return Admission.WrongOrigin;

        var asked = SseRequest.Read(context.Request);
        if (asked.Refusal is { } unreadable) return unreadable;
        if (host.Node.IsDraining) return Later;
        if (!places.TryTake()) return Refusals.Full;

        try
        {
            var gate = await gates.OpenAsync(context);
            var plan = await PlanAsync(gate, asked.Value!);
            if (plan.Refusal is { } refusal) return refusal;

            var opened = await opening.ConnectAsync(node => node.OpenAsync(plan.Value!, gate));
            if (opened.Refusal is { } late) return late;

            await CarryAsync(context, opened.Value!);
            return null;
        }
        finally
        {
            places.Leave();
        }
    }

    private async ValueTask<OrRefusal<StreamPlan>> PlanAsync(ClientGate gate, SseRequest asked)
    {
        var (identity, error, _) = await gate.ConnectAsync(asked.Connect);
        if (error is { Temporary: true }) return Later;
        if (identity is null) return BadToken;

        var given = identity.ServerSubscriptions;
        if (asked.Channel is null && given.Count != 1) return NoChannel;

        var channel = asked.Channel is null ? given[0] : ChannelName.Parse(asked.Channel);
        var permission = given.Contains(channel) ? Permission.Granted : await AskAsync(gate, identity, channel, asked.ChannelToken);
        if (permission.IsGranted) return new StreamPlan(identity, asked.Connect.Name, asked.Connect.Version, channel, asked.Since, permission);

        return permission.Error is { Temporary: true } ? Later : permission.Error == RichError.TokenExpired ? BadToken : Denied;
    }

    private async ValueTask<Permission> AskAsync(ClientGate gate, Actors.Rich.Identity identity, ChannelName channel, string token)
    {
        var options = host.Node.Settings.OptionsOf(channel);
        return options.Subscribe && options.Welcomes(identity.Caller) ? await gate.SubscribeAsync(channel, token) : Permission.Denied;
    }

    private async Task CarryAsync(HttpContext context, RichConnection connection)
    {
        var code = CloseFrame.Lost;
        try
        {
            var stream = new EventStream(context, settings.WebSocket, time);
            await stream.WriteAsync([EventFraming.Retry(SomeTime())]);
            connection.Attach(stream);
            code = (await stream.RunAsync()).Code;
        }
        finally
        {
            connection.Ended(code);
        }
    }

    private async Task TellAsync(HttpContext context, HandshakeRefusal refusal)
    {
        if (refusal.Status != StatusCodes.Status503ServiceUnavailable) await refusal.WriteAsync(context);
        else await new EventStream(context, settings.WebSocket, time).WriteAsync([EventFraming.Retry(SomeTime())]);
    }

    private static TimeSpan SomeTime() => TimeSpan.FromMilliseconds(Random.Shared.Next(RetryMilliseconds.From, RetryMilliseconds.To));
}
