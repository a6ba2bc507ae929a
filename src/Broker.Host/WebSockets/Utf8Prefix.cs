using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Broker.Host.WebSockets;

/// <summary>Judges UTF-8 that comes in pieces: a piece may end within a character, and what can never become valid is refused at once.</summary>
internal static class Utf8Prefix
{
    private const int LongestUnfinished = 3;

    /// <summary>False when no continuation can make the bytes valid.</summary>
    /// <param name="bytes">Must begin at a character.</param>
    /// <param name="whole">How many bytes are whole characters. The up to three others are to be given again, with what follows them.</param>
    public static bool IsValid(ReadOnlySpan<byte> bytes, out int whole)
    {
        whole = bytes.Length - Unfinished(bytes);
        return Utf8.IsValid(bytes[..whole]);
    }

    private static int Unfinished(ReadOnlySpan<byte> bytes)
    {
        for (var count = 1; count <= LongestUnfinished && count <= bytes.Length; count++)
        {
            var isContinuation = (bytes[^count] & 0xC0) == 0x80;
            if (isContinuation) continue;

            return Rune.DecodeFromUtf8(bytes[^count..], out _, out _) == OperationStatus.NeedMoreData ? count : 0;
        }

        return 0;
    }
}
