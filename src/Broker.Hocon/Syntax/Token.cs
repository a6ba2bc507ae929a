namespace Broker.Hocon.Syntax;

internal enum TokenKind
{
    End,
    NewLine,
    Blank,
    Text,
    Quoted,
    Comma,
    Assign,
    Append,
    ObjectStart,
    ObjectEnd,
    ListStart,
    ListEnd,
    Reference,
    OptionalReference,
}

/// <summary>The smallest piece of a text. Text and Quoted carry their content, Blank the white space of which it consists.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, HoconOrigin Origin)
{
    private const int LongestQuote = 40;

    /// <summary>How an error names it: <c>found '}'</c>.</summary>
    public string Described => Kind switch
    {
        TokenKind.End => "the end of the text",
        TokenKind.NewLine => "the end of the line",
        TokenKind.Quoted => $"\"{Shortened}\"",
        _ => $"'{Shortened}'",
    };

    private string Shortened => Text.Length <= LongestQuote ? Text : Text[..LongestQuote] + "…";
}
