using Broker.Actors.Channels;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;
using Broker.Actors.Subscribing;
using Broker.Host.Clients;
using Broker.Host.WebSockets;
using Admission = Broker.Host.Clients.Admission;

namespace Broker.Host.Rich;

/// <summary>
/// One channel as server-sent events, for clients behind proxies that let no websocket through: the same tokens, rights and positions as a rich client's, and no way to say anything.
/// </summary>
/// <remarks>
/// A browser that is answered with an error never tries again by itself. So only what will not change by trying is an error; for the rest the stream ends at once and says when to
/// come again.
/// </remarks>
internal sealed class SseEndpoint(
    ClientSettings settings, BrokerHost host, ClientGates gates, SocketPlaces places, OtherOrigins origins, TimeProvider time, ILogger<SseEndpoint> log)
{
    /// <summary>What waits for one write.</summary>
    private const int MostUnflushed = 64 * 1024;

    /// <summary>Streams that end together come again apart.</summary>
    private static readonly (int From, int To) RetryMilliseconds = (1000, 5000);

    private static readonly HandshakeRefusal BadToken = new(StatusCodes.Status401Unauthorized, "The token is not valid");
    private static readonly HandshakeRefusal Denied = Refusals.Forbidden("Forbidden");
    private static readonly HandshakeRefusal NoChannel = Refusals.BadRequest("Say which channel: ?channel=NAME");

    public Task ServeAsync(HttpContext context)
    {
        origins.Answer(context);
        return Refusals.ServeAsync(context, () => AnswerAsync(context), refusal => refusal.WriteAsync(context), "A stream", log);
    }

    private async Task<HandshakeRefusal?> AnswerAsync(HttpContext context)
    {
        if (!settings.Origins.AllowSocket(context.Request)) return Admission.WrongOrigin;

        var asked = SseRequest.Read(context.Request);
        if (asked.Refusal is { } unreadable) return unreadable;
        if (host.Node.IsDraining || !places.TryTake()) return await LaterAsync(context);

        try
        {
            return await AdmitAsync(context, asked.Value!);
        }
        finally
        {
            places.Leave();
        }
    }

    private async Task<HandshakeRefusal?> AdmitAsync(HttpContext context, SseRequest asked)
    {
        var gate = await gates.OpenAsync(context);
        var (identity, error, _) = await gate.ConnectAsync(asked.Connect);
        if (error is { Temporary: true }) return await LaterAsync(context);
        if (identity is null) return BadToken;

        var given = identity.ServerSubscriptions;
        if (asked.Channel is null && given.Count != 1) return NoChannel;

        var channel = asked.Channel is null ? given[0] : ChannelName.Parse(asked.Channel);
        var options = host.Node.Settings.OptionsOf(channel);
        if (!given.Contains(channel))
        {
            if (!options.Subscribe || (!options.Anonymous && !identity.Caller.IsAuthenticated)) return Denied;

            var permission = await gate.SubscribeAsync(channel, "");
            if (permission.Error is { Temporary: true }) return await LaterAsync(context);
            if (!permission.IsGranted) return Denied;
        }

        await StreamAsync(context, gate, identity, channel, asked.Since, options);
        return null;
    }

    private static async Task<HandshakeRefusal?> LaterAsync(HttpContext context)
    {
        var events = EventStream.Begin(context);
        events.Retry(SomeTime());
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return null;
    }

    private static TimeSpan SomeTime() => TimeSpan.FromMilliseconds(Random.Shared.Next(RetryMilliseconds.From, RetryMilliseconds.To));

    private async Task StreamAsync(HttpContext context, ClientGate gate, Actors.Rich.Identity identity, ChannelName channel, StreamPosition? since, ChannelOptions options)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var expiry = identity.ExpiresAt is { } expires ? time.CreateTimer(_ => gone.Cancel(), null, Left(expires), Timeout.InfiniteTimeSpan) : null;

        try
        {
            // Where nothing is kept to go on from, a position says nothing.
            var resumed = options.Recovery == RecoveryMode.On ? since : null;
            await using var subscription = host.Node.SubscribeAsync(channel, resumed);
            var events = EventStream.Begin(context);
            events.Retry(SomeTime());
            if (!await events.FlushAsync(settings.WebSocket.DeadAfter, time)) return;

            var start = await subscription.StartAsync(gone.Token);
            var position = start.Recovered && resumed is { } from ? from : start.Position;
            events.Subscribed(channel.ToRedis(""), options.History is null ? null : position, since is not null, since is not null && start.Recovered);
            await CopyAsync(subscription, events, gate, options.History is not null, gone);
        }
        catch (Exception end) when (end is SlowReaderException or SubscriptionFailedException or ObjectDisposedException || gone.IsCancellationRequested || host.Node.IsDraining)
        {
            log.LogDebug("A stream of {Channel} ended: {Reason}", channel, end.GetType().Name);
        }
    }

    /// <summary>All that is there goes out in one write; the stream ends where the subscription does, or the client's leave.</summary>
    private async Task CopyAsync(Actors.Subscribing.Subscription subscription, EventStream events, ClientGate gate, bool hasHistory, CancellationTokenSource gone)
    {
        await using var publications = subscription.GetAsyncEnumerator(gone.Token);
        var next = publications.MoveNextAsync().AsTask();
        try
        {
            var looked = time.GetTimestamp();
            while (true)
            {
                if (!next.IsCompleted || events.Waiting > MostUnflushed)
                {
                    if (!await events.FlushAsync(settings.WebSocket.DeadAfter, time)) return;
                    if (!await IsThereAsync(next)) events.Comment();
                }

                if (time.GetElapsedTime(looked) >= settings.WebSocket.PingInterval)
                {
                    if (!await gate.IsStillGoodAsync()) return;
                    looked = time.GetTimestamp();
                }

                if (!next.IsCompleted) continue;
                if (!await next) return;

                events.Publication(publications.Current, hasHistory);
                next = publications.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // An enumerator that is still asked cannot be disposed.
            await gone.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<bool> IsThereAsync(Task<bool> next)
    {
        await ((Task)next.WaitAsync(settings.WebSocket.PingInterval, time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return next.IsCompleted;
    }

    private TimeSpan Left(DateTimeOffset expires)
    {
        var left = expires - time.GetUtcNow();
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < TimeSpan.FromDays(40) ? left : TimeSpan.FromDays(40);
    }
}
