using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Broker.Host.Gateway;

/// <summary>
/// Splits a command into its words as redis-cli does: "…" with \n \r \t \b \a \\ \" and \xHH, '…' with \' only. A closing quote ends the word.
/// </summary>
internal static class CommandText
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>False for quotes that do not match, and for words that are not UTF-8.</summary>
    public static bool TrySplit(string text, [NotNullWhen(true)] out IReadOnlyList<string>? words)
    {
        words = null;
        var found = new List<string>();
        var at = 0;
        while (SkipSpace(text, ref at))
        {
            if (ReadWord(text, ref at) is not { } word) return false;
            found.Add(word);
        }

        words = found;
        return true;
    }

    private static bool SkipSpace(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at < text.Length;
    }

    private static string? ReadWord(string text, ref int at)
    {
        var word = new MemoryStream();
        while (at < text.Length && !char.IsWhiteSpace(text[at]))
        {
            if (text[at] is '"' or '\'')
            {
                if (!ReadQuoted(text, ref at, word) || (at < text.Length && !char.IsWhiteSpace(text[at]))) return null;
            }
            else
            {
                Append(word, text, ref at);
            }
        }

        try
        {
            return Utf8.GetString(word.GetBuffer(), 0, (int)word.Length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static bool ReadQuoted(string text, ref int at, MemoryStream word)
    {
        var quote = text[at++];
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] != '\\' || at + 1 == text.Length) Append(word, text, ref at);
            else if (quote == '"') Unescape(text, ref at, word);
            else if (text[at + 1] == '\'') AppendEscaped(word, '\'', ref at);
            else Append(word, text, ref at);
        }

        return at++ < text.Length;
    }

    private static void Unescape(string text, ref int at, MemoryStream word)
    {
        var escaped = text[at + 1];
        if (escaped == 'x' && at + 3 < text.Length && byte.TryParse(text.AsSpan(at + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            word.WriteByte(code);
            at += 4;
            return;
        }

        var plain = escaped switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'b' => '\b', 'a' => '\a', _ => '\0' };
        if (plain != '\0')
        {
            AppendEscaped(word, plain, ref at);
            return;
        }

        at++;
        Append(word, text, ref at);
    }

    private static void AppendEscaped(MemoryStream word, char c, ref int at)
    {
        word.WriteByte((byte)c);
        at += 2;
    }

    private static void Append(MemoryStream word, string text, ref int at)
    {
        // A surrogate pair is one character of four bytes.
        var length = char.IsSurrogatePair(text, at) ? 2 : 1;
        word.Write(Encoding.UTF8.GetBytes(text, at, length));
        at += length;
    }
}
