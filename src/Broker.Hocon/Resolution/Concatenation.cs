using Broker.Hocon.Tree;

namespace Broker.Hocon.Resolution;

/// <summary>What values become that stand beside each other: one string, one list or one object.</summary>
internal static class Concatenation
{
    /// <summary>Resolves the parts and joins them; null when none of them has a value.</summary>
    public static HoconValue? Join(ConcatenationNode node, Func<Node, HoconValue?> resolve, Action<long> spend)
    {
        var parts = node.Parts.ConvertAll(part => (Node: part, Value: resolve(part)));

        // Blanks count between strings only.
        var values = parts.Where(part => part.Node is not LiteralNode { IsBlank: true })
            .Select(part => part.Value).OfType<HoconValue>().ToList();

        if (values.Count == 0)
            return null;

        return values.TrueForAll(value => value is HoconScalar)
            ? Text(node.Origin, parts.Select(part => part.Value).OfType<HoconScalar>(), spend)
            : Join(node.Origin, values, spend);
    }

    /// <summary>Joins lists with lists, or objects with objects.</summary>
    public static HoconValue Join(HoconOrigin origin, IReadOnlyList<HoconValue> values, Action<long> spend)
    {
        if (values.All(value => value is HoconObject))
            return values.Aggregate((lower, upper) => Over(upper, lower, spend));

        if (!values.All(value => value is HoconList))
            throw new HoconException(origin, $"cannot join {string.Join(" and ", values.Select(value => value.Kind).Distinct())}");

        var items = values.SelectMany(value => value.AsList()).ToList();
        spend(items.Count);
        return new HoconList(origin, KeyPath.Root, items);
    }

    /// <summary>An object over an object merges them; anything else hides what is below.</summary>
    public static HoconValue Over(HoconValue upper, HoconValue lower, Action<long> spend)
    {
        if (upper is not HoconObject over || lower is not HoconObject under)
            return upper;

        spend(Limits.Value + over.Count + under.Count);
        var values = new OrderedDictionary<string, HoconValue>(under);
        foreach (var (key, value) in over)
            values[key] = under.TryGetValue(key, out var below) ? Over(value, below, spend) : value;

        return new HoconObject(over.Origin, KeyPath.Root, values);
    }

    private static HoconScalar Text(HoconOrigin origin, IEnumerable<HoconScalar> parts, Action<long> spend)
    {
        var texts = parts.Select(part => part.Text).ToList();
        spend(texts.Sum(text => (long)text.Length));

        return new HoconScalar(origin, KeyPath.Root, string.Concat(texts));
    }
}
