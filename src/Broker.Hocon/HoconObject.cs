using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Broker.Hocon.Syntax;

namespace Broker.Hocon;

/// <summary>
/// An object: values by key, in the order in which the keys were first mentioned. As a dictionary it knows single keys; the methods
/// that take a path look into objects below, and know quotes: <c>a."b.c".d</c>.
/// </summary>
[SuppressMessage("Naming", "CA1710", Justification = "HOCON calls it an object.")]
public sealed class HoconObject : HoconValue, IReadOnlyDictionary<string, HoconValue>
{
    private readonly OrderedDictionary<string, HoconValue> _values;

    internal HoconObject(HoconOrigin origin, KeyPath path, OrderedDictionary<string, HoconValue> values)
        : base(origin, path)
    {
        _values = values;
        Depth = 1 + values.Values.Select(value => value.Depth).DefaultIfEmpty().Max();
    }

    /// <inheritdoc/>
    public int Count => _values.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _values.Keys;

    /// <inheritdoc/>
    public IEnumerable<HoconValue> Values => _values.Values;

    internal override int Depth { get; }

    internal override string Kind => "an object";

    /// <summary>The value of a key, which is no path.</summary>
    /// <exception cref="HoconException">There is none.</exception>
    public HoconValue this[string key] => _values.TryGetValue(key, out var value) ? value : throw Missing([key]);

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <summary>The value of a key, which is no path.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out HoconValue value) => _values.TryGetValue(key, out value);

    /// <summary>The value at a path. A null that was written is a value.</summary>
    /// <exception cref="HoconException">The path is not one.</exception>
    public bool TryGet(string path, [MaybeNullWhen(false)] out HoconValue value)
    {
        value = Find(Parser.ParsePath(path));
        return value is not null;
    }

    /// <summary>The value at a path.</summary>
    /// <exception cref="HoconException">There is none.</exception>
    public HoconValue Get(string path)
    {
        var keys = Parser.ParsePath(path);
        return Find(keys) ?? throw Missing(keys);
    }

    /// <summary>The object at a path.</summary>
    /// <exception cref="HoconException">There is none, or it is something else.</exception>
    public HoconObject GetObject(string path) => Get(path).AsObject();

    /// <inheritdoc/>
    public override HoconObject AsObject() => this;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, HoconValue>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal HoconValue? Find(ReadOnlySpan<string> path)
    {
        HoconValue? value = this;
        foreach (var key in path)
            value = value is HoconObject parent && parent.TryGetValue(key, out var child) ? child : null;

        return value;
    }

    internal override HoconObject At(KeyPath path, Action<long> spend)
    {
        spend(Limits.Value);
        var values = new OrderedDictionary<string, HoconValue>(_values.Count);
        foreach (var (key, value) in _values)
            values.Add(key, value.At(path.Key(key), spend));

        return new HoconObject(Origin, path, values);
    }

    private HoconException Missing(string[] keys)
    {
        var full = Path.Length > 0 ? $"{Path}.{KeyPath.Write(keys)}" : KeyPath.Write(keys);
        return new HoconException(Origin, $"{full} is not set");
    }
}
