using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Sessions;

namespace Broker.Actors.Serving;

/// <summary>
/// Which open clients something is for: those that fit all that is given. One of user, client, session and token id must be.
/// </summary>
public sealed record ClientFilter
{
    /// <summary>The user's name; an empty one is every anonymous client.</summary>
    public string? User { get; init; }

    /// <summary>A connection's id.</summary>
    public string? Client { get; init; }

    /// <summary>A session's key, or its SHA-256 in hex as <see cref="ConnectedClient.Session"/> has it.</summary>
    public string? Session { get; init; }

    /// <summary>The id (<c>jti</c>) of the token that the client came with.</summary>
    public string? TokenId { get; init; }

    /// <summary>Those that came with a token that was issued before, or does not say when.</summary>
    internal DateTimeOffset? IssuedBefore { get; init; }

    /// <summary>Connections that it is not for.</summary>
    public IReadOnlyList<string> Except { get; init; } = [];

    /// <summary>It says nothing: it would fit everybody.</summary>
    internal bool IsEmpty => User is null && string.IsNullOrEmpty(Client) && string.IsNullOrEmpty(Session) && string.IsNullOrEmpty(TokenId);

    /// <summary>The session by its hash only: the key does not go from node to node.</summary>
    internal ClientFilter Hashed() => this with { Session = string.IsNullOrEmpty(Session) || IsHash(Session) ? Session : ChannelName.HashOf(Session) };

    /// <summary>Call <see cref="Hashed"/> first.</summary>
    internal bool Fits(Sight client) =>
        (string.IsNullOrEmpty(Client) || client.Id == Client)
        && (User is null || client.User == User)
        && (string.IsNullOrEmpty(TokenId) || client.TokenId == TokenId)
        && (IssuedBefore is not { } before || client.Token?.IsOlderThan(before) == true)
        && (string.IsNullOrEmpty(Session) || client.Session == Session)
        && !Except.Contains(client.Id);

    /// <summary>Tokens are what it is about, and this is one of them.</summary>
    internal bool Fits(PresentedToken token) =>
        IssuedBefore is { } before
            ? token.User == User && token.IsOlderThan(before)
            : (!string.IsNullOrEmpty(TokenId) && token.Id == TokenId) || (!string.IsNullOrEmpty(Session) && token.Session == Session);

    internal bool FitsAny(PresentedToken[] tokens)
    {
        foreach (var token in tokens) if (Fits(token)) return true;
        return false;
    }

    private static bool IsHash(string session) => session.Length == 64 && session.All(char.IsAsciiHexDigitLower);
}
