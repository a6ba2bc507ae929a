using System.Buffers.Text;
using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Sessions;

/// <summary>
/// What of the credentials that are still valid does not count any more: single tokens, a user's older tokens, sessions. Kept in Redis, so that every node refuses them, and only until they
/// would have expired by themselves.
/// </summary>
/// <remarks>This is the door: it does not close the clients that are in already.</remarks>
public sealed class Revocations
{
    private readonly IRedisBus _bus;
    private readonly SessionStore _sessions;
    private readonly RevokingTurns _turns;
    private readonly TimeProvider _time;
    private readonly string _keys;

    internal Revocations(IRedisBus bus, SessionStore sessions, RevokingTurns turns, string prefix, TimeProvider time)
    {
        _bus = bus;
        _sessions = sessions;
        _turns = turns;
        _time = time;
        _keys = (prefix.Length == 0 ? "" : prefix + ":") + "broker:revoked:";
    }

    /// <summary>One token.</summary>
    /// <param name="tokenId">Its <c>jti</c>.</param>
    /// <param name="until">When it expires by itself.</param>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task RevokeTokenAsync(string tokenId, DateTimeOffset until) => SetAsync(TokenKey(tokenId), [], until);

    /// <summary>
    /// All of a user's tokens that were issued before (<c>iat</c>, which counts whole seconds) and those that do not say when. Of several calls, even at the same time, what revokes most and
    /// longest is in force.
    /// </summary>
    /// <param name="user">Whose.</param>
    /// <param name="issuedBefore">Usually now.</param>
    /// <param name="until">When the last of them expires by itself.</param>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task RevokeUserTokensAsync(string user, DateTimeOffset issuedBefore, DateTimeOffset until) =>
        Left(until) is { } left ? _bus.RaiseAsync(UserKey(user), issuedBefore.ToUnixTimeMilliseconds(), left) : Task.CompletedTask;

    /// <summary>A session, with its record (<see cref="SessionStore"/>).</summary>
    /// <param name="sessionHash">SHA-256 of its key, in lower-case hex: what tells sessions apart where their keys are not shown.</param>
    /// <param name="until">When it ends by itself.</param>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task RevokeSessionAsync(string sessionHash, DateTimeOffset until) =>
        Task.WhenAll(SetAsync(SessionKey(sessionHash), [], until), _sessions.RemoveAsync(sessionHash));

    /// <summary>While it stays the same, what <see cref="FindAsync"/> has said of a client holds of it as an open one, too.</summary>
    internal int Turn => _turns.Now;

    /// <summary>What of that which a client presents has been revoked. One round trip, or none if it presents nothing.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    internal async Task<Revoked> FindAsync(PresentedToken? token, string? sessionKey)
    {
        var byId = token is { Id.Length: > 0 } ? _bus.GetAsync(TokenKey(token.Id)) : NotThere;
        var byUser = token is { User.Length: > 0 } ? _bus.GetAsync(UserKey(token.User)) : NotThere;
        var session = sessionKey is { Length: > 0 } ? ChannelName.HashOf(sessionKey) : token?.Session ?? "";
        var bySession = session.Length > 0 ? _bus.GetAsync(SessionKey(session)) : NotThere;
        await Task.WhenAll(byId, byUser, bySession);

        if (await bySession is not null) return Revoked.Session;
        return await byId is not null || IsOlder(token, await byUser) ? Revoked.Token : Revoked.Nothing;
    }

    private static Task<byte[]?> NotThere { get; } = Task.FromResult<byte[]?>(null);

    private static bool IsOlder(PresentedToken? token, byte[]? revoked) =>
        token is not null && revoked is not null && token.IsOlderThan(TimeOf(revoked));

    private static DateTimeOffset TimeOf(byte[] revoked) => Utf8Parser.TryParse(revoked, out long milliseconds, out _)
        ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
        : throw new FormatException("what is kept of a user's revoked tokens is no time");

    private string TokenKey(string id) => $"{_keys}token:{id}";

    private string UserKey(string user) => $"{_keys}user:{user}";

    private string SessionKey(string hash) => $"{_keys}session:{hash}";

    private Task SetAsync(string key, byte[] value, DateTimeOffset until) =>
        Left(until) is { } left ? _bus.SetAsync(key, value, left) : Task.CompletedTask;

    /// <summary>Null: it is over, and nothing need be kept.</summary>
    private TimeSpan? Left(DateTimeOffset until) => until - _time.GetUtcNow() is var left && left > TimeSpan.Zero ? left : null;
}

/// <summary>What of a client's credentials has been revoked.</summary>
internal enum Revoked
{
    Nothing,

    /// <summary>Another token may be good.</summary>
    Token,

    /// <summary>The session, whoever's it is.</summary>
    Session,
}

/// <summary>A valid token, as far as it can be revoked.</summary>
/// <param name="Id">Its <c>jti</c>; empty without one.</param>
/// <param name="User">Whose; null for an anonymous one's.</param>
/// <param name="IssuedAt">Null: it does not say.</param>
/// <param name="Session">SHA-256 of the session key that it names, in lower-case hex; empty without one.</param>
public sealed record PresentedToken(string Id, string? User, DateTimeOffset? IssuedAt, string Session = "")
{
    /// <summary>One that does not say is older than any. To the millisecond, as it is kept.</summary>
    internal bool IsOlderThan(DateTimeOffset time) => (IssuedAt?.ToUnixTimeMilliseconds() ?? 0) < time.ToUnixTimeMilliseconds();
}
