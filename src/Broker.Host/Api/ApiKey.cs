using System.Security.Cryptography;
using System.Text;
using Broker.Hocon;
using Broker.Host.WebSockets;

namespace Broker.Host.Api;

/// <summary>Who may use <c>/api</c>: those who send <c>broker.api-key</c> as <c>X-API-Key</c>, or as <c>Authorization: apikey KEY</c>. Without a key nobody may, and nothing is there.</summary>
internal sealed class ApiKey
{
    private static readonly HandshakeRefusal Missing = new(StatusCodes.Status401Unauthorized, "X-API-Key is missing or wrong", new("WWW-Authenticate", "X-API-Key"));

    /// <summary>Hashes are of one length: comparing them takes as long whatever was sent.</summary>
    private readonly byte[] _hash;

    private ApiKey(string key)
    {
        IsSet = key.Length > 0;
        _hash = Hash(key);
    }

    /// <summary>There is a key.</summary>
    public bool IsSet { get; }

    public static ApiKey Read(HoconObject root) => new(root.Get("broker.api-key").AsString());

    /// <summary>Why the request is not answered; null for who has the key.</summary>
    public HandshakeRefusal? Check(HttpRequest request) =>
        IsSet && KeyOf(request) is { Length: > 0 } key && CryptographicOperations.FixedTimeEquals(Hash(key), _hash) ? null : Missing;

    private static string? KeyOf(HttpRequest request)
    {
        const string Scheme = "apikey ";
        if (request.Headers["X-API-Key"] is { Count: > 0 } keys) return keys is [var only] ? only : null;

        return request.Headers.Authorization is [{ } given] && given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? given[Scheme.Length..] : null;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
