using System.Buffers;

namespace Broker.Hocon.Syntax;

/// <summary>Cuts a text into tokens and knows where each stands. Comments are no tokens.</summary>
internal sealed class Tokenizer(string text, string file)
{
    private static readonly SearchValues<char> Reserved = SearchValues.Create("$\"{}[]:=,+#`^?!@*&\\");
    private static readonly SearchValues<char> Number = SearchValues.Create("-.0123456789");

    private int _at;
    private int _line = 1;
    private int _lineStart;

    public Token Next()
    {
        SkipComment();

        if (_at == text.Length)
            return new Token(TokenKind.End, "", Here);

        return text[_at] switch
        {
            '\n' => NewLine(),
            '{' => Take(TokenKind.ObjectStart, 1),
            '}' => Take(TokenKind.ObjectEnd, 1),
            '[' => Take(TokenKind.ListStart, 1),
            ']' => Take(TokenKind.ListEnd, 1),
            ',' => Take(TokenKind.Comma, 1),
            '=' or ':' => Take(TokenKind.Assign, 1),
            '+' when Sees("+=") => Take(TokenKind.Append, 2),
            '$' when Sees("${?") => Take(TokenKind.OptionalReference, 3),
            '$' when Sees("${") => Take(TokenKind.Reference, 2),
            '"' => Quoted(),
            var c when IsBlank(c) => Take(TokenKind.Blank, CountBlank()),
            var c when Reserved.Contains(c) => throw new HoconException(Here, $"'{c}' has to stand in quotes"),
            _ => Take(TokenKind.Text, CountText()),
        };
    }

    // White space of the specification other than the newline: Unicode's separators, some controls, the byte order mark.
    private static bool IsBlank(char c) => c != '\n' && (char.IsWhiteSpace(c) || c is (>= '\u001C' and <= '\u001F') or '\uFEFF');

    private HoconOrigin Here => new(file, _line, _at - _lineStart + 1);

    private bool Sees(string word) => string.CompareOrdinal(text, _at, word, 0, word.Length) == 0;

    private Token Take(TokenKind kind, int length)
    {
        var token = new Token(kind, text.Substring(_at, length), Here);
        _at += length;
        return token;
    }

    private Token NewLine()
    {
        var token = Take(TokenKind.NewLine, 1);
        (_line, _lineStart) = (_line + 1, _at);
        return token;
    }

    private Token Quoted()
    {
        var start = Here;
        var (content, end) = QuotedText.Read(text, _at, start);

        for (var i = text.IndexOf('\n', _at, end - _at); i >= 0; i = text.IndexOf('\n', i + 1, end - i - 1))
            (_line, _lineStart) = (_line + 1, i + 1);

        _at = end;
        return new Token(TokenKind.Quoted, content, start);
    }

    private int CountBlank()
    {
        var end = _at;
        while (end < text.Length && IsBlank(text[end]))
            end++;

        return end - _at;
    }

    private int CountText()
    {
        var end = _at;
        while (end < text.Length && (IsText(end) || IsSignOfExponent(end)))
            end++;

        return end - _at;
    }

    private bool IsText(int i) => text[i] != '\n' && !IsBlank(text[i]) && !Reserved.Contains(text[i]) && !StartsComment(i);

    // JSON's 1e+5 is the only place where a plus needs no quotes.
    private bool IsSignOfExponent(int i) =>
        text[i] == '+' && i - 1 > _at && text[i - 1] is 'e' or 'E' && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1])
        && text.AsSpan(_at, i - 1 - _at).IndexOfAnyExcept(Number) < 0;

    private bool StartsComment(int i) => text[i] == '#' || (text[i] == '/' && i + 1 < text.Length && text[i + 1] == '/');

    private void SkipComment()
    {
        if (_at == text.Length || !StartsComment(_at))
            return;

        var end = text.IndexOf('\n', _at);
        _at = end < 0 ? text.Length : end;
    }
}
