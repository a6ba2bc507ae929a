using System.Security.Cryptography;

namespace Broker.Actors.Redis;

/// <summary>How scripts name a last message: <c>redis.sha1hex</c>.</summary>
internal static class LastDigest
{
    public static string Of(ReadOnlySpan<byte> payload)
    {
#pragma warning disable CA5350 // Redis's scripts have no other digest; it tells values apart, nothing more.
        return Convert.ToHexStringLower(SHA1.HashData(payload));
#pragma warning restore CA5350
    }
}
