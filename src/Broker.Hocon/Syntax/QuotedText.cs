using System.Globalization;
using System.Text;

namespace Broker.Hocon.Syntax;

/// <summary>What stands in quotes: JSON's strings with their escapes, and """strings of several lines""" without any.</summary>
internal static class QuotedText
{
    private const string Triple = "\"\"\"";

    /// <summary>Reads the string whose first quote is at <paramref name="at"/>; End is behind its last quote.</summary>
    public static (string Content, int End) Read(string text, int at, HoconOrigin start) =>
        string.CompareOrdinal(text, at, Triple, 0, 3) == 0 ? ReadTriple(text, at + 3, start) : ReadSingle(text, at + 1, start);

    private static (string Content, int End) ReadTriple(string text, int from, HoconOrigin start)
    {
        var end = text.IndexOf(Triple, from, StringComparison.Ordinal);
        if (end < 0)
            throw new HoconException(start, "the string that starts here with \"\"\" has no end");

        // Of more than three quotes in a row the last three end the string.
        while (end + 3 < text.Length && text[end + 3] == '"')
            end++;

        return (text[from..end], end + 3);
    }

    private static (string Content, int End) ReadSingle(string text, int from, HoconOrigin start)
    {
        var content = new StringBuilder();

        for (var i = from; i < text.Length; i++)
        {
            var c = text[i];

            if (c == '"')
                return (content.ToString(), i + 1);

            if (c == '\\')
                content.Append(Unescape(text, ref i, Origin(i)));
            else if (c is >= ' ')
                content.Append(c);
            else if (c == '\n')
                throw new HoconException(start, "the string that starts here has no end on its line; \"\"\" encloses several lines");
            else
                throw new HoconException(Origin(i), $"a string cannot hold the control character \\u{(int)c:x4}; escape it");
        }

        throw new HoconException(start, "the string that starts here has no end");

        HoconOrigin Origin(int i) => start with { Column = start.Column + i - from + 1 };
    }

    private static char Unescape(string text, ref int i, HoconOrigin origin)
    {
        i++;
        switch (i < text.Length ? text[i] : '\0')
        {
            case '"': return '"';
            case '\\': return '\\';
            case '/': return '/';
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' when IsHex(text, i + 1, out var character):
                i += 4;
                return character;
            case 'u':
                throw new HoconException(origin, "\\u needs four hexadecimal digits");
            default:
                throw new HoconException(origin, "unknown escape; a string knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
        }
    }

    private static bool IsHex(string text, int at, out char character)
    {
        character = default;
        if (at + 4 > text.Length)
            return false;

        var isHex = ushort.TryParse(text.AsSpan(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code);
        character = (char)code;
        return isHex;
    }
}
