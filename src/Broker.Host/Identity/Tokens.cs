using System.Net.Http.Headers;
using Broker.Actors.Audiences;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Broker.Host.Identity;

/// <summary>Finds a request's token and reads the caller from it, if it is valid.</summary>
internal sealed class Tokens
{
    /// <summary>How far this clock and the issuer's may be apart.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(5);

    private readonly JwtSettings _settings;
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly TokenValidationParameters _rules;

    public Tokens(JwtSettings settings)
    {
        _settings = settings;
        _rules = new TokenValidationParameters
        {
            ValidAlgorithms = [.. Algorithms()],
            IssuerSigningKeyResolver = (_, token, _, _) => KeysFor(token),
            ValidateIssuerSigningKey = true,
            ValidateIssuer = settings.Issuer.Length > 0,
            ValidIssuer = settings.Issuer,
            ValidateAudience = settings.Audience.Length > 0,
            ValidAudience = settings.Audience,
            RequireExpirationTime = false,
            ValidateLifetime = true,
            ClockSkew = ClockSkew,
        };
    }

    /// <summary>The token that the request presents: header before query before cookie. Null without one, or when no key is configured.</summary>
    public string? FindIn(HttpRequest request)
    {
        if (!_settings.IsOn) return null;

        return Bearer(request) ?? NotEmpty(_settings.Query, name => request.Query[name].ToString()) ?? NotEmpty(_settings.Cookie, name => request.Cookies[name]);
    }

    /// <summary>No key is configured: tokens are ignored.</summary>
    public bool AreIgnored => !_settings.IsOn;

    /// <summary>What the token says, if it is valid.</summary>
    public async ValueTask<TokenReading> ReadAsync(string token)
    {
        var result = await _handler.ValidateTokenAsync(token, _rules);
        return result.IsValid && result.SecurityToken is JsonWebToken valid
            ? new TokenReading(new TokenClaims(valid, CallerOf(valid)))
            : new TokenReading(null, IsExpired: result.Exception is SecurityTokenExpiredException);
    }

    /// <summary>Without a user claim an anonymous caller.</summary>
    private Caller CallerOf(JsonWebToken token) =>
        new(Single(token, _settings.UserClaim), [.. Values(token, _settings.GroupsClaim).Distinct()], Single(token, _settings.SessionClaim));

    private static string? Bearer(HttpRequest request) =>
        AuthenticationHeaderValue.TryParse(request.Headers.Authorization.ToString(), out var header)
        && header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            ? header.Parameter ?? ""
            : null;

    private static string? NotEmpty(string name, Func<string, string?> read) => name.Length > 0 && read(name) is { Length: > 0 } value ? value : null;

    private static IEnumerable<string> Values(JsonWebToken token, string claim) => token.Claims.Where(c => c.Type == claim && c.Value.Length > 0).Select(c => c.Value);

    /// <summary>A claim that holds several values names nobody.</summary>
    private static string? Single(JsonWebToken token, string claim) => Values(token, claim).Take(2).ToArray() is [var only] ? only : null;

    private IEnumerable<string> Algorithms()
    {
        if (_settings.Hs256 is not null) yield return SecurityAlgorithms.HmacSha256;
        if (_settings.Rs256 is not null) yield return SecurityAlgorithms.RsaSha256;
    }

    /// <summary>The algorithm chooses the key, so that no token is checked with the key of the other.</summary>
    private IEnumerable<SecurityKey> KeysFor(SecurityToken token)
    {
        var key = (token as JsonWebToken)?.Alg switch
        {
            SecurityAlgorithms.HmacSha256 => _settings.Hs256,
            SecurityAlgorithms.RsaSha256 => _settings.Rs256,
            _ => null,
        };
        return key is null ? [] : [key];
    }
}
