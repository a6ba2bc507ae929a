using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Broker.Host.Tests.Clients;

/// <summary>Makes tokens by hand, right and wrong ones.</summary>
internal static class Jwt
{
    public const string Secret = "a secret of more than thirty-two bytes";

    public static long In(TimeSpan time) => DateTimeOffset.UtcNow.Add(time).ToUnixTimeSeconds();

    public static string Hs256(object claims, string secret = Secret, string algorithm = "HS256") =>
        Sign(algorithm, claims, input => HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), input));

    public static string Hs512(object claims) => Sign("HS512", claims, input => HMACSHA512.HashData(Encoding.UTF8.GetBytes(Secret), input));

    public static string Rs256(object claims, RSA key) => Sign("RS256", claims, input => key.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Unsigned(object claims) => Sign("none", claims, _ => []);

    private static string Sign(string algorithm, object claims, Func<byte[], byte[]> sign)
    {
        var input = $"{Encode(new { alg = algorithm, typ = "JWT" })}.{Encode(claims)}";
        return $"{input}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    private static string Encode(object json) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(json));
}
