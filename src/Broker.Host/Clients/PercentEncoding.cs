using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Broker.Host.Clients;

/// <summary>Percent-encoding of URLs, read strictly: two hex digits after every percent sign, and the bytes are UTF-8.</summary>
internal static class PercentEncoding
{
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? decoded)
    {
        decoded = null;
        var utf8 = new ArrayBufferWriter<byte>(text.Length + 1);
        while (!text.IsEmpty)
        {
            var percent = text.IndexOf('%');
            var plain = percent < 0 ? text : text[..percent];
            Encoding.UTF8.GetBytes(plain, utf8);
            if (percent < 0) break;

            if (!IsTriplet(text[percent..])) return false;
            utf8.Write([Convert.FromHexString(text.Slice(percent + 1, 2))[0]]);
            text = text[(percent + 3)..];
        }

        if (!Utf8.IsValid(utf8.WrittenSpan)) return false;
        decoded = Encoding.UTF8.GetString(utf8.WrittenSpan);
        return true;
    }

    /// <summary>No percent sign without its two digits.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        for (var percent = text.IndexOf('%'); percent >= 0; percent = text.IndexOf('%'))
        {
            if (!IsTriplet(text[percent..])) return false;
            text = text[(percent + 3)..];
        }

        return true;
    }

    private static bool IsTriplet(ReadOnlySpan<char> text) => text.Length >= 3 && char.IsAsciiHexDigit(text[1]) && char.IsAsciiHexDigit(text[2]);
}
