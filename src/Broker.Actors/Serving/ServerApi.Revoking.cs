using Broker.Actors.Connections;
using Broker.Actors.Redis;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Serving;

/// <remarks>
/// What it takes back of clients' credentials: nobody comes in with them any more, and who is in is closed. At the door and inside the advice is the same: another token may do, so its client is
/// closed with 3014 and gets one; of a session nothing is left, so its clients are closed with 3500. Tokens for a channel are tokens, too: a subscription that stands by one ends (2502).
/// </remarks>
public sealed partial class ServerApi
{
    /// <summary>Without a time it is kept so long: for ever, as tokens go.</summary>
    private static readonly TimeSpan ForEver = TimeSpan.FromDays(3650);

    /// <summary>One token.</summary>
    /// <param name="tokenId">Its <c>jti</c>.</param>
    /// <param name="until">When it expires by itself; null: unknown, so it is kept for years.</param>
    /// <returns>How many clients were closed or lost subscriptions.</returns>
    /// <exception cref="ServerApiException">The request is wrong, Redis does not answer, or a node did not.</exception>
    public Task<int> RevokeTokenAsync(string tokenId, DateTimeOffset? until = null)
    {
        if (tokenId.Length == 0) throw Bad("which token: its id");

        return RevokeAsync(_revocations.RevokeTokenAsync(tokenId, Until(until)), new ClientFilter { TokenId = tokenId }, CloseReason.StateInvalidated);
    }

    /// <summary>All tokens of a user that were issued before a time, and those that do not say when. Who came with a newer one stays, and so does who came without any.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="issuedBefore">Null: now.</param>
    /// <param name="until">When the last of them expires by itself; null: unknown.</param>
    /// <inheritdoc cref="RevokeTokenAsync" path="/returns"/>
    /// <inheritdoc cref="RevokeTokenAsync" path="/exception"/>
    public Task<int> RevokeUserTokensAsync(string user, DateTimeOffset? issuedBefore = null, DateTimeOffset? until = null)
    {
        if (user.Length == 0) throw Bad("which user");

        var before = issuedBefore ?? _services.Time.GetUtcNow();
        return RevokeAsync(_revocations.RevokeUserTokensAsync(user, before, Until(until)), new ClientFilter { User = user, IssuedBefore = before }, CloseReason.StateInvalidated);
    }

    /// <summary>A session, with the record of who holds it.</summary>
    /// <param name="session">Its key, or the key's SHA-256 in hex.</param>
    /// <param name="until">When it ends by itself; null: unknown.</param>
    /// <inheritdoc cref="RevokeTokenAsync" path="/returns"/>
    /// <inheritdoc cref="RevokeTokenAsync" path="/exception"/>
    public Task<int> RevokeSessionAsync(string session, DateTimeOffset? until = null)
    {
        if (session.Length == 0) throw Bad("which session");

        var clients = new ClientFilter { Session = session }.Hashed();
        return RevokeAsync(_revocations.RevokeSessionAsync(clients.Session!, Until(until)), clients, CloseReason.InvalidToken);
    }

    /// <summary>Those who are in are closed after nobody can come in any more.</summary>
    private async Task<int> RevokeAsync(Task revoked, ClientFilter clients, CloseReason reason)
    {
        try
        {
            await revoked;
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
        {
            throw new ServerApiException(RichError.Internal, fault.Message);
        }

        return await OrderAsync(clients, new TakeBack(reason));
    }

    private DateTimeOffset Until(DateTimeOffset? until) => until ?? _services.Time.GetUtcNow() + ForEver;
}
