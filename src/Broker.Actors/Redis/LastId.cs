using System.Text;

namespace Broker.Actors.Redis;

/// <summary>
/// What stands beside a last message that one call set on several channels: <c>PUBLISH-ID DIGEST</c>. The digest tells whether the last message is still
/// the one of that call: whoever sets another knows nothing of this key.
/// </summary>
internal static class LastId
{
    public static byte[] Of(string publishId, ReadOnlySpan<byte> payload) => Encoding.UTF8.GetBytes($"{publishId} {Mark.Digest(payload)}");

    /// <summary>The publish id, if the value belongs to this payload.</summary>
    public static string? Match(ReadOnlySpan<byte> value, ReadOnlySpan<byte> payload)
    {
        var text = Encoding.UTF8.GetString(value);
        var space = text.LastIndexOf(' ');
        return space > 0 && text[(space + 1)..] == Mark.Digest(payload) ? text[..space] : null;
    }
}
