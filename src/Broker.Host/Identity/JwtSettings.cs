using System.Security.Cryptography;
using System.Text;
using Broker.Actors.Settings;
using Broker.Hocon;
using Microsoft.IdentityModel.Tokens;

namespace Broker.Host.Identity;

/// <summary>Which tokens are valid, where they stand and what is read from them: <c>broker.jwt</c>.</summary>
internal sealed record JwtSettings
{
    /// <summary>A secret shorter than this can be found out from one token by trying (RFC 7518, 3.2).</summary>
    private const int SecretBytes = 32;

    public required SecurityKey? Hs256 { get; init; }

    public required SecurityKey? Rs256 { get; init; }

    public required bool IsSecretShort { get; init; }

    public required string Issuer { get; init; }

    public required string Audience { get; init; }

    public required string UserClaim { get; init; }

    public required string GroupsClaim { get; init; }

    public required string SessionClaim { get; init; }

    /// <summary>The query parameter; empty for none.</summary>
    public required string Query { get; init; }

    /// <summary>The cookie; empty for none.</summary>
    public required string Cookie { get; init; }

    /// <summary>False: no key is configured, tokens are ignored.</summary>
    public bool IsOn => Hs256 is not null || Rs256 is not null;

    /// <exception cref="HoconException">The key is no public key in PEM. The message does not show it.</exception>
    public static JwtSettings Read(HoconObject jwt)
    {
        var secret = Encoding.UTF8.GetBytes(jwt.Get("hs256").AsString());
        return new JwtSettings
        {
            Hs256 = secret.Length == 0 ? null : SecretKey(secret),
            Rs256 = PublicKey(jwt.Get("rs256")),
            IsSecretShort = secret.Length is > 0 and < SecretBytes,
            Issuer = jwt.Get("issuer").AsString(),
            Audience = jwt.Get("audience").AsString(),
            UserClaim = jwt.Get("user-claim").AsString(),
            GroupsClaim = jwt.Get("groups-claim").AsString(),
            SessionClaim = jwt.Get("session-claim").AsString(),
            Query = jwt.Get("query").AsString(),
            Cookie = jwt.Get("cookie").AsString(),
        };
    }

    private static SymmetricSecurityKey SecretKey(byte[] secret)
    {
        // The library refuses short secrets. HMAC itself fills them with zeros, so that this changes no signature.
        if (secret.Length < SecretBytes) Array.Resize(ref secret, SecretBytes);
        return new SymmetricSecurityKey(secret);
    }

    private static RsaSecurityKey? PublicKey(HoconValue value)
    {
        var pem = value.AsString();
        if (pem.Length == 0) return null;
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal)) throw HoconChecks.Wrong(value, "holds a private key; the public one belongs here");

        var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            throw HoconChecks.Wrong(value, "is not an RSA public key in PEM (-----BEGIN PUBLIC KEY-----)");
        }

        return new RsaSecurityKey(rsa);
    }
}
