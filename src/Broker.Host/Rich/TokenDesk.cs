using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Sessions;
using Broker.Host.Clients;
using Broker.Host.Identity;

namespace Broker.Host.Rich;

/// <summary>What is wrong with a token that a rich client presents.</summary>
internal enum TokenProblem
{
    None,

    /// <summary>It never was a good one for this.</summary>
    Invalid,

    /// <summary>It was a good one, or was taken back: another may do.</summary>
    Expired,

    /// <summary>It cannot be said now.</summary>
    Unknown,
}

/// <summary>Looks at the tokens that rich clients present in their commands.</summary>
internal sealed class TokenDesk(Tokens tokens, BrokerHost host, Callbacks callbacks, TimeProvider time, ILogger<TokenDesk> log)
{
    /// <summary>No key is configured: tokens are passed over.</summary>
    public bool IsClosed => tokens.AreIgnored;

    /// <inheritdoc cref="Revocations.Turn"/>
    public int Turn => host.Node.Revocations.Turn;

    /// <param name="cookie">The session key of the client's cookie, for a token without one.</param>
    public async ValueTask<(ConnectionToken? Token, TokenProblem Problem)> ReadConnectionAsync(string token, string? cookie)
    {
        var reading = await tokens.ReadAsync(token);
        if (reading.Claims?.AsConnection() is not { } valid) return (null, reading.IsExpired ? TokenProblem.Expired : TokenProblem.Invalid);
        if (IsOver(valid.ExpiresAt)) return (null, TokenProblem.Expired);

        var caller = valid.Caller with { SessionKey = valid.Caller.SessionKey ?? cookie };
        var problem = await FindRevokedAsync(valid.Presented, caller.SessionKey);
        return problem == TokenProblem.None ? (valid with { Caller = caller }, problem) : (null, problem);
    }

    public async ValueTask<(SubscriptionToken? Token, TokenProblem Problem)> ReadSubscriptionAsync(string token)
    {
        var reading = await tokens.ReadAsync(token);
        if (reading.Claims?.AsSubscription() is not { } valid) return (null, reading.IsExpired ? TokenProblem.Expired : TokenProblem.Invalid);

        if (IsOver(valid.ExpiresAt)) return (null, TokenProblem.Expired);

        var problem = await FindRevokedAsync(valid.Presented, null);
        return problem == TokenProblem.None ? (valid, problem) : (null, problem);
    }

    /// <summary>Exactly: the tolerance for clocks would let a client in that is to be closed at once.</summary>
    private bool IsOver(DateTimeOffset? expires) => expires <= time.GetUtcNow();

    /// <summary>Of a client that is in: null, or why it is closed. Who is in stays in while nobody can say.</summary>
    public async ValueTask<CloseReason?> LookAgainAsync(Identified client)
    {
        if (!client.Presents || client.Turn == Turn) return null;

        return await FindRevokedAsync(client.Token, client.Caller.SessionKey) switch
        {
            TokenProblem.Expired => CloseReason.StateInvalidated,
            TokenProblem.Invalid => CloseReason.InvalidToken,
            _ => null,
        };
    }

    /// <summary>Of a subscription that stands: true if its token has been taken back since it was looked at. It goes on standing while nobody can say.</summary>
    public async ValueTask<bool> LookAgainAsync(Permission permission) =>
        permission.Token is { } token && permission.Turn != Turn && await FindRevokedAsync(token, null) is TokenProblem.Expired or TokenProblem.Invalid;

    private async ValueTask<TokenProblem> FindRevokedAsync(PresentedToken? token, string? sessionKey)
    {
        try
        {
            return await callbacks.RunAsync(_ => new ValueTask<Revoked>(host.Node.Revocations.FindAsync(token, sessionKey)), CancellationToken.None) switch
            {
                Revoked.Token => TokenProblem.Expired,
                Revoked.Session => TokenProblem.Invalid,
                _ => TokenProblem.None,
            };
        }
        catch (Exception fault)
        {
            // Not let in meanwhile: a token is revoked because somebody has it who must not, and an outage would be his hour. A rich client tries again by itself.
            log.LogWarning("It cannot be read whether a token has been revoked: {Problem}", fault.GetType().Name);
            return TokenProblem.Unknown;
        }
    }
}
