using Broker.Actors.Audiences;
using Broker.Actors.Redis;
using Broker.Actors.Sessions;
using Broker.Host.Clients;
using Broker.Host.WebSockets;

namespace Broker.Host.Identity;

/// <summary>Who a client is.</summary>
/// <param name="IsCertain">False while Redis cannot say who holds the session, or what has been revoked: the caller may be more than what is known of it, or less.</param>
/// <param name="Token">The token that said so, if one did.</param>
/// <param name="Turn">When it was looked at: <see cref="Revocations.Turn"/>.</param>
internal sealed record Identified(Caller Caller, bool IsCertain = true, PresentedToken? Token = null, int Turn = 0)
{
    /// <summary>It came with something that can be taken back.</summary>
    public bool Presents => Token is not null || Caller.SessionKey is not null;
}

/// <summary>
/// Finds out who a client is. The first that knows decides: the application's resolvers, its signed-in user, a token, the session cookie. Otherwise the client is anonymous.
/// </summary>
internal sealed class IdentityChain(ClientSettings settings, Tokens tokens, BrokerHost host, Callbacks callbacks, ILogger<IdentityChain> log)
{
    private static readonly HandshakeRefusal BadToken = new(
        StatusCodes.Status401Unauthorized, "The token is not valid", new("WWW-Authenticate", "Bearer error=\"invalid_token\""));

    private static readonly HandshakeRefusal BadSession = new(StatusCodes.Status401Unauthorized, "The session has ended");

    private static readonly HandshakeRefusal Unknown = Refusals.Unavailable("Who you are cannot be established now");

    /// <summary>The caller, or why the request is refused. A token that is presented and not valid is an error, never an anonymous client.</summary>
    /// <param name="context">The request.</param>
    /// <param name="services">Where the application's resolvers come from.</param>
    public async ValueTask<OrRefusal<Identified>> IdentifyAsync(HttpContext context, IServiceProvider services)
    {
        var turn = host.Node.Revocations.Turn;
        var client = await FindAsync(context, services);
        if (client.Value is not { } known) return client;

        known = known with { Turn = turn };

        // An empty name is nobody's, whoever has said it.
        if (known.Caller.User is "") known = known with { Caller = known.Caller with { User = null } };

        return known is { Presents: true, IsCertain: true } ? await UnlessRevokedAsync(known, context.RequestAborted) : known;
    }

    /// <summary>Of a client that is in, and can be found by whoever closes clients: null, or why it is not let in after all.</summary>
    public async ValueTask<HandshakeRefusal?> LookAgainAsync(Identified client, CancellationToken aborted) =>
        client.Presents && client.Turn != host.Node.Revocations.Turn ? (await UnlessRevokedAsync(client, aborted)).Refusal : null;

    private async ValueTask<OrRefusal<Identified>> FindAsync(HttpContext context, IServiceProvider services)
    {
        try
        {
            if (await AskApplicationAsync(context, services) is { } known) return new Identified(known);
        }
        catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested)
        {
            log.LogError(fault, "An identity resolver failed; the client is denied");
            return Unknown;
        }

        var cookie = SessionCookie(context.Request);
        if (ApplicationUser.Of(context.User, settings.Jwt.SessionClaim, cookie) is { } user) return new Identified(user);

        if (tokens.FindIn(context.Request) is { } token)
        {
            return (await tokens.ReadAsync(token)).Claims is { Caller: var caller, Presented: var presented }
                ? new Identified(caller with { SessionKey = caller.SessionKey ?? cookie }, Token: presented)
                : BadToken;
        }

        return cookie is null ? new Identified(Caller.Anonymous) : await HolderOfAsync(cookie, context.RequestAborted);
    }

    private async ValueTask<Caller?> AskApplicationAsync(HttpContext context, IServiceProvider services)
    {
        foreach (var resolver in services.GetServices<IIdentityResolver>())
        {
            if (await callbacks.RunAsync(limit => resolver.ResolveAsync(context, limit), context.RequestAborted) is { } caller) return caller;
        }

        return null;
    }

    /// <summary>The session key of the cookie. No session store makes keys as long as this; a channel's name would be.</summary>
    public string? SessionCookie(HttpRequest request) =>
        request.Cookies[settings.SessionCookie] is { Length: > 0 } key && key.Length <= settings.FacilityLength ? key : null;

    private async ValueTask<OrRefusal<Identified>> HolderOfAsync(string sessionKey, CancellationToken aborted)
    {
        try
        {
            return new Identified(await callbacks.RunAsync(_ => new ValueTask<Caller>(host.Node.Sessions.FindAsync(sessionKey)), aborted));
        }
        catch (Exception fault) when (fault is RedisUnavailableException or TimeoutException && settings.AcceptWithoutRedis)
        {
            // The holder of the key may have its session's messages whoever it is.
            return new Identified(new Caller(null, [], sessionKey), IsCertain: false);
        }
        catch (Exception fault) when (!aborted.IsCancellationRequested)
        {
            log.LogWarning("A session's record cannot be read: {Problem}", fault.GetType().Name);
            return Unknown;
        }
    }

    private async ValueTask<OrRefusal<Identified>> UnlessRevokedAsync(Identified client, CancellationToken aborted)
    {
        try
        {
            return await callbacks.RunAsync(_ => new ValueTask<Revoked>(host.Node.Revocations.FindAsync(client.Token, client.Caller.SessionKey)), aborted) switch
            {
                Revoked.Token => BadToken,
                Revoked.Session => BadSession,
                _ => client,
            };
        }
        catch (Exception fault) when (fault is RedisUnavailableException or TimeoutException && settings.AcceptWithoutRedis)
        {
            // Few are revoked, and the setting says that clients come in without Redis: for these, that counts more.
            return client with { IsCertain = false };
        }
        catch (Exception fault) when (!aborted.IsCancellationRequested)
        {
            log.LogWarning("It cannot be read what has been revoked: {Problem}", fault.GetType().Name);
            return Unknown;
        }
    }
}
