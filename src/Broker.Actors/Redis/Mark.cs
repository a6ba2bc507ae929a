using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Broker.Actors.Redis;

/// <summary>
/// What an owner's script publishes on the companion channel before its raw PUBLISHes: "the publications with these digests are copies of what I have
/// appended". A take-over puts one without copies. Text, so that it can be read with redis-cli: <c>1 TOKEN EPOCH FIRST COUNT DIGEST…</c>
/// </summary>
/// <remarks>
/// Digests, not only the count: on Redis Cluster a foreign PUBLISH on another node can arrive between the mark and its copies. Matching by digest keeps the
/// number right whatever the interleaving; a wrong match is between equal payloads.
/// </remarks>
internal sealed record Mark(long Token, string Epoch, long FirstOffset, IReadOnlyList<string> Digests)
{
    public const string Version = "1";

    public static string Digest(ReadOnlySpan<byte> payload)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(payload, hash);
        return Convert.ToHexString(hash[..8]);
    }

    /// <summary>Null for what is not a mark of this version: anybody may publish on the companion channel.</summary>
    public static Mark? Parse(ReadOnlySpan<byte> bytes)
    {
        var parts = Encoding.UTF8.GetString(bytes).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 5 || parts[0] != Version) return null;
        if (!long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var token)) return null;
        if (!long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var first)) return null;
        if (!int.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count != parts.Length - 5) return null;

        return new Mark(token, parts[2], first, parts[5..]);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Version} {Token} {Epoch} {FirstOffset} {Digests.Count} {string.Join(' ', Digests)}").TrimEnd();
}
