using System.Text;
using System.Text.Json;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Sessions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Broker.Host.Identity;

/// <summary>What came of reading a token.</summary>
/// <param name="Claims">Null: the token is not valid.</param>
/// <param name="IsExpired">It was valid once, as far as its signature goes.</param>
internal readonly record struct TokenReading(TokenClaims? Claims, bool IsExpired = false);

/// <summary>
/// What a valid token says. Who it names counts for every client; the claims of Centrifugo's tokens count for rich clients, and a token that has one of them in another form than Centrifugo
/// gives it is none for them.
/// </summary>
internal sealed class TokenClaims
{
    private readonly JsonWebToken _token;
    private JsonElement? _payload;

    public TokenClaims(JsonWebToken token, Caller caller)
    {
        _token = token;
        Caller = caller;
        Presented = new PresentedToken(token.Id ?? "", caller.User, IssuedAt(), caller.SessionKey is { Length: > 0 } key ? ChannelName.HashOf(key) : "");
    }

    public Caller Caller { get; }

    public PresentedToken Presented { get; }

    /// <summary>As a connection's token; null if it is none, or one for a channel only.</summary>
    public ConnectionToken? AsConnection() =>
        Find("channel") is null && IsSound(out var expires, out var info) && ReadChannels() is { } channels ? new(Caller, Presented, expires, info, channels) : null;

    /// <summary>As a token for one channel; null if it is none.</summary>
    public SubscriptionToken? AsSubscription() =>
        IsSound(out var expires, out var info) && Find("channel") is { ValueKind: JsonValueKind.String } channel ? new(Presented, channel.GetString()!, expires, info) : null;

    private JsonElement Payload => _payload ??= JsonSerializer.Deserialize<JsonElement>(Base64UrlEncoder.DecodeBytes(_token.EncodedPayload));

    private DateTimeOffset? IssuedAt() => Find("iat") is { } issued && TryReadTime(issued, out var time) ? time : null;

    private bool IsSound(out DateTimeOffset? expires, out ReadOnlyMemory<byte> info)
    {
        info = default;
        return TryReadExpiry(out expires) && TryReadInfo(out info);
    }

    /// <summary><c>expire_at</c> before <c>exp</c>; 0 in it: never.</summary>
    private bool TryReadExpiry(out DateTimeOffset? expires)
    {
        expires = null;
        if ((Find("expire_at") ?? Find("exp")) is not { } claim) return true;
        if (!TryReadTime(claim, out var time)) return false;

        expires = time > DateTimeOffset.UnixEpoch ? time : null;
        return true;
    }

    private bool TryReadInfo(out ReadOnlyMemory<byte> info)
    {
        info = default;
        if (Find("b64info") is not { } coded)
        {
            if (Find("info") is { } plain) info = Encoding.UTF8.GetBytes(plain.GetRawText());
            return true;
        }

        if (coded.ValueKind != JsonValueKind.String || !coded.TryGetBytesFromBase64(out var bytes)) return false;

        info = bytes;
        return true;
    }

    /// <summary>Names in a list, or the keys of an object: Centrifugo's options for each channel are Broker's configuration's.</summary>
    private string[]? ReadChannels()
    {
        var (list, named) = (Find("channels"), Find("subs"));
        if (list is { ValueKind: not JsonValueKind.Array } || named is { ValueKind: not JsonValueKind.Object }) return null;

        var listed = list?.EnumerateArray().ToArray() ?? [];
        if (listed.Any(name => name.ValueKind != JsonValueKind.String)) return null;

        return [.. listed.Select(name => name.GetString()!).Concat(named?.EnumerateObject().Select(one => one.Name) ?? []).Distinct()];
    }

    private JsonElement? Find(string claim) => Payload.TryGetProperty(claim, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Seconds since 1970, with a fraction or without.</summary>
    private static bool TryReadTime(JsonElement value, out DateTimeOffset time)
    {
        time = default;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var seconds) || seconds is < 0 or > 200_000_000_000) return false;

        time = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        return true;
    }
}

/// <param name="ExpiresAt">When a new one is due; null: never.</param>
/// <param name="Info">JSON; empty for none.</param>
/// <param name="Channels">Those that the server is to subscribe the client to.</param>
internal sealed record ConnectionToken(Caller Caller, PresentedToken Presented, DateTimeOffset? ExpiresAt, ReadOnlyMemory<byte> Info, IReadOnlyList<string> Channels);

/// <param name="Channel">The one that it is for.</param>
/// <param name="ExpiresAt">When a new one is due; null: never.</param>
/// <param name="Info">JSON; empty for none.</param>
internal sealed record SubscriptionToken(PresentedToken Presented, string Channel, DateTimeOffset? ExpiresAt, ReadOnlyMemory<byte> Info);
