using System.Text;

namespace Broker.Hocon.Syntax;

/// <summary>Puts a path together from its tokens: a dot separates keys, except in quotes.</summary>
internal sealed class PathBuilder
{
    private readonly List<string> _keys = [];
    private readonly StringBuilder _key = new();
    private bool _keyHasQuotes;

    public bool IsEmpty => _keys.Count == 0 && _key.Length == 0 && !_keyHasQuotes;

    public void Add(Token token)
    {
        if (token.Kind == TokenKind.Quoted)
        {
            _keyHasQuotes = true;
            _key.Append(token.Text);
            return;
        }

        foreach (var c in token.Text)
        {
            if (c == '.')
                EndKey(token.Origin);
            else
                _key.Append(c);
        }
    }

    public string[] Finish(HoconOrigin origin)
    {
        EndKey(origin);
        return [.. _keys];
    }

    private void EndKey(HoconOrigin origin)
    {
        if (_key.Length == 0 && !_keyHasQuotes)
            throw new HoconException(origin, "a path has an empty key; write it as \"\" if it is meant");

        if (_keys.Count == Limits.Depth)
            throw new HoconException(origin, $"a path has more than {Limits.Depth} keys");

        _keys.Add(_key.ToString());
        _key.Clear();
        _keyHasQuotes = false;
    }
}
