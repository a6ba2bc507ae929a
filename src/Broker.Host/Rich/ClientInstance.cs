using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Broker.Actors.Rich.Protocol;

namespace Broker.Host.Rich;

/// <summary>
/// What an instance of a client (a tab, an app) calls itself over its reconnections, so that its own publications can be told from others': the string <c>client</c> in the
/// data object of its connect command, 1 to 64 characters that it drew at random when it started. Kept as a hash with the user's name: nobody can pass for another user's
/// instance.
/// </summary>
internal static class ClientInstance
{
    private const int Longest = 64;
    private const int HashBytes = 16;

    /// <summary>Empty: it does not say.</summary>
    /// <param name="data">JSON where the client speaks that, otherwise any bytes.</param>
    public static string OriginOf(ReadOnlyMemory<byte> data, string? user)
    {
        if (NameIn(data.Span) is not { Length: > 0 and <= Longest } name) return "";

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{user}\0{name}"));
        return Convert.ToHexStringLower(hash.AsSpan(0, HashBytes));
    }

    private static string? NameIn(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) return null;
        try
        {
            var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = Payloads.Depth });
            var said = JsonElement.ParseValue(ref reader);
            return said.ValueKind == JsonValueKind.Object && said.TryGetProperty("client", out var client) && client.ValueKind == JsonValueKind.String ? client.GetString() : null;
        }
        catch (Exception nothing) when (nothing is JsonException or InvalidOperationException)
        {
            // The second is JSON, but no text: "\ud800".
            return null;
        }
    }
}
