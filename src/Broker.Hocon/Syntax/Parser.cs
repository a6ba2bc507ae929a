using Broker.Hocon.Tree;

namespace Broker.Hocon.Syntax;

/// <summary>Reads one text into a tree. Follows the HOCON specification, lightbend/config HOCON.md.</summary>
internal sealed class Parser
{
    private readonly Source _source;
    private readonly Tokenizer _tokens;
    private readonly List<string> _path = [];
    private Token _token;
    private int _depth;
    private int _lists;

    private Parser(Source source)
    {
        _source = source;
        _tokens = new Tokenizer(source.Text, source.Name);
        _depth = source.Scope.Length;
        _token = _tokens.Next();
    }

    public static ObjectNode Parse(Source source) => new Parser(source).Root();

    /// <summary>A path alone, as in <c>Get("a.\"b.c\".d")</c>.</summary>
    public static string[] ParsePath(string path)
    {
        var parser = new Parser(Source.OfText(path, $"path '{path}'"));

        return parser.Path(TokenKind.End, "a key");
    }

    private ObjectNode Root()
    {
        SkipBlankLines();

        if (_token.Kind == TokenKind.ListStart)
            throw Unexpected("an object at the root");

        if (_token.Kind == TokenKind.ObjectStart)
        {
            var root = Object();
            SkipBlankLines();
            return _token.Kind == TokenKind.End ? root : throw Unexpected("nothing more after the closing '}'");
        }

        var bare = new ObjectNode(_token.Origin);
        Fields(bare, TokenKind.End);
        return bare;
    }

    private ObjectNode Object()
    {
        var node = new ObjectNode(_token.Origin);

        Descend(1);
        Advance();
        Fields(node, TokenKind.ObjectEnd);
        Advance();
        _depth--;

        return node;
    }

    private void Fields(ObjectNode node, TokenKind end)
    {
        var closing = end == TokenKind.End ? "" : $" or '}}' for the '{{' of line {node.Origin.Line}";
        SkipBlankLines();

        while (_token.Kind != end)
        {
            Field(node, "a key" + closing);
            EndOfEntry(end, "a comma or a new line" + closing);
        }
    }

    private void Field(ObjectNode node, string expected)
    {
        if (_token is { Kind: TokenKind.Text, Text: "include" })
        {
            Include(node);
            return;
        }

        var path = Path(TokenKind.Assign, expected);
        var append = _token.Kind == TokenKind.Append;
        var sign = _token;

        if (_token.Kind is TokenKind.Assign or TokenKind.Append)
            Advance();
        else if (_token.Kind != TokenKind.ObjectStart)
            throw Unexpected("'=', ':', '+=' or '{' after the key");

        Descend(path.Length - 1);
        _path.AddRange(path);

        var value = Value($"a value after '{sign.Text}'");
        node.Set(path, append ? Append(sign, value) : value);

        _path.RemoveRange(_path.Count - path.Length, path.Length);
        _depth -= path.Length - 1;
    }

    private AppendNode Append(Token sign, Node value)
    {
        // The value before is found by its path, and there is no path to what is inside a list.
        if (_lists > 0)
            throw new HoconException(sign.Origin, "'+=' is not possible inside a list");

        return new AppendNode(value.Origin, [.. _source.Scope, .. _path], new ListNode(value.Origin, [value]));
    }

    private void Include(ObjectNode node)
    {
        // Its substitutions start at the place of the include, and there is no path to what is inside a list.
        if (_lists > 0)
            throw new HoconException(_token.Origin, "include is not possible inside a list");

        if (_source.Include(IncludeStatement(), [.. _source.Scope, .. _path]) is { } included)
            node.Merge(included);
    }

    // include "name", include file("name"), include required("name"), include required(file("name")).
    private IncludeStatement IncludeStatement()
    {
        var origin = _token.Origin;

        Advance();
        SkipBlankLines();
        var opening = IncludeWords();
        if (_token.Kind != TokenKind.Quoted || opening is not ("" or "file(" or "required(" or "required(file("))
            throw new HoconException(origin, "include needs \"name\", file(\"name\") or required(…), with the name in quotes");

        var name = Take();
        var parentheses = opening.Count(c => c == '(');
        if (IncludeWords() != new string(')', parentheses))
            throw new HoconException(origin, $"include of \"{name}\" needs {parentheses} ')' and the end of the line after the name");

        return new IncludeStatement(name, opening.StartsWith("required", StringComparison.Ordinal), origin);
    }

    private string IncludeWords()
    {
        var words = "";
        while (_token.Kind is TokenKind.Text or TokenKind.Blank && words.Length < 32)
        {
            words += _token.Kind == TokenKind.Text ? _token.Text : "";
            Advance();
        }

        return words;
    }

    private Node Value(string expected)
    {
        SkipBlankLines();

        var parts = new List<Node>();
        var start = _token;

        while (Part() is { } part)
            parts.Add(part);

        if (parts is [.., LiteralNode { IsBlank: true }])
            parts.RemoveAt(parts.Count - 1);

        return parts.Count switch
        {
            0 => throw Unexpected(expected),
            1 when start is { Kind: TokenKind.Text, Text: "null" } => new LiteralNode(start.Origin, "null", isNull: true),
            1 => parts[0],
            _ when parts.All(part => part is LiteralNode) =>
                new LiteralNode(start.Origin, string.Concat(parts.Select(part => ((LiteralNode)part).Text))),
            _ => Join(start.Origin, parts),
        };
    }

    private static ConcatenationNode Join(HoconOrigin origin, List<Node> parts)
    {
        var joined = new ConcatenationNode(origin, parts);
        var odd = joined.HasObject ? parts.Find(part => part is ListNode or LiteralNode { IsBlank: false }) : null;

        return odd is null
            ? joined
            : throw new HoconException(odd.Origin, $"cannot join an object and {(odd is ListNode ? "a list" : "a string")}");
    }

    private Node? Part() => _token.Kind switch
    {
        TokenKind.Text or TokenKind.Quoted => new LiteralNode(_token.Origin, Take()),
        TokenKind.Blank => new LiteralNode(_token.Origin, Take()) { IsBlank = true },
        TokenKind.Reference or TokenKind.OptionalReference => Reference(),
        TokenKind.ObjectStart => Object(),
        TokenKind.ListStart => List(),
        _ => null,
    };

    private ReferenceNode Reference()
    {
        var start = _token;

        Advance();
        var path = Path(TokenKind.ObjectEnd, "a path");
        if (_token.Kind != TokenKind.ObjectEnd)
            throw Unexpected($"'}}' after '{start.Text}{KeyPath.Write(path)}'");

        Advance();
        return new ReferenceNode(start.Origin, path, start.Kind == TokenKind.OptionalReference, _source.Scope);
    }

    private ListNode List()
    {
        var node = new ListNode(_token.Origin, []);
        var closing = $" or ']' for the '[' of line {node.Origin.Line}";

        Descend(1);
        _lists++;
        Advance();
        SkipBlankLines();

        while (_token.Kind != TokenKind.ListEnd)
        {
            node.Items.Add(Value("a value" + closing));
            EndOfEntry(TokenKind.ListEnd, "a comma or a new line" + closing);
        }

        Advance();
        _lists--;
        _depth--;

        return node;
    }

    private string[] Path(TokenKind end, string expected)
    {
        var path = new PathBuilder();
        var blank = default(Token?);

        SkipBlank();
        while (_token.Kind is TokenKind.Text or TokenKind.Quoted or TokenKind.Blank)
        {
            if (_token.Kind == TokenKind.Blank)
            {
                blank = _token;
            }
            else
            {
                if (blank is { } between)
                    path.Add(between);

                blank = null;
                path.Add(_token);
            }

            Advance();
        }

        if (path.IsEmpty || (end == TokenKind.End && _token.Kind != end))
            throw Unexpected(expected);

        return path.Finish(_token.Origin);
    }

    // Entries are separated by one comma, by new lines, or by both.
    private void EndOfEntry(TokenKind end, string expected)
    {
        SkipBlank();
        if (_token.Kind != TokenKind.Comma && _token.Kind != TokenKind.NewLine && _token.Kind != end)
            throw Unexpected(expected);

        SkipBlankLines();
        if (_token.Kind != TokenKind.Comma)
            return;

        Advance();
        SkipBlankLines();
    }

    private void Descend(int levels)
    {
        _depth += levels;
        if (Limits.IsTooDeep(_depth, Limits.Depth))
            throw new HoconException(_token.Origin, $"nested deeper than {Limits.Depth} levels");
    }

    private string Take()
    {
        var text = _token.Text;
        Advance();
        return text;
    }

    private void Advance() => _token = _tokens.Next();

    private void SkipBlank()
    {
        while (_token.Kind == TokenKind.Blank)
            Advance();
    }

    private void SkipBlankLines()
    {
        while (_token.Kind is TokenKind.Blank or TokenKind.NewLine)
            Advance();
    }

    private HoconException Unexpected(string expected) => new(_token.Origin, $"expected {expected}, found {_token.Described}");
}
