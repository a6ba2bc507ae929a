using Broker.Hocon.Tree;

namespace Broker.Hocon.Resolution;

/// <summary>
/// Turns a tree into values. A substitution sees the final value of its path; where that would lead back to the field that is being
/// resolved, it sees what was assigned to that field before.
/// </summary>
internal sealed class Resolver(ObjectNode root, Func<string, string?> environment)
{
    // Each substitution is resolved once, so that all who see it see the same.
    private readonly Dictionary<ReferenceNode, HoconValue?> _known = [];

    // The substitutions being resolved, outermost first.
    private readonly OrderedDictionary<ReferenceNode, int> _open = [];

    // How many layers of a field can be seen while a higher one is being resolved.
    private readonly Dictionary<Field, int> _visible = [];

    private int _depth;
    private long _spent;

    public HoconObject Resolve() => Object(root).At(KeyPath.Root, Spend);

    private HoconValue? Value(Node node)
    {
        Descend(node.Origin);
        var value = node switch
        {
            LiteralNode literal => new HoconScalar(literal.Origin, KeyPath.Root, literal.Text, literal.IsNull),
            ObjectNode fields => Object(fields),
            ListNode list => List(list),
            ReferenceNode reference => Reference(reference),
            ConcatenationNode parts => Concatenation.Join(parts, Value, Spend),
            AppendNode append => Append(append),
            _ => throw new InvalidOperationException($"unknown node {node.GetType().Name}"),
        };
        _depth--;

        return value is null || value.Depth <= Limits.Depth
            ? value
            : throw new HoconException(node.Origin, $"substitutions nest values deeper than {Limits.Depth} levels");
    }

    private HoconObject Object(ObjectNode node)
    {
        var values = new OrderedDictionary<string, HoconValue>(node.Fields.Count);

        foreach (var (key, field) in node.Fields)
        {
            if (Visible(field) == 0)
                throw Circle(node.Origin, "an object cannot be a value within itself");

            if (Find(field, []) is { } value)
                values.Add(key, value);
        }

        return new HoconObject(node.Origin, KeyPath.Root, values);
    }

    private HoconList List(ListNode node)
    {
        var items = new List<HoconValue>(node.Items.Count);

        foreach (var item in node.Items)
        {
            if (Value(item) is { } value)
                items.Add(value);
        }

        return new HoconList(node.Origin, KeyPath.Root, items);
    }

    private HoconValue? Append(AppendNode node)
    {
        var added = List(node.Added);
        return Find(root, node.Path) is { } before ? Concatenation.Join(node.Origin, [before, added], Spend) : added;
    }

    private HoconValue? Reference(ReferenceNode node)
    {
        if (_known.TryGetValue(node, out var known))
            return known;

        if (!_open.TryAdd(node, _open.Count))
            throw Circle(node.Origin, "a value cannot stand within itself");

        var value = Target(node);
        _open.Remove(node);

        if (value is null && !node.Optional)
            throw Undefined(node);

        if (node.IsBesideObject && value is not null and not HoconObject)
            throw new HoconException(node.Origin, $"cannot join an object and {value.Kind}, which is what {node} is");

        _known.Add(node, value);
        return value;
    }

    private HoconValue? Target(ReferenceNode node)
    {
        var (depth, open) = (_depth, _open.Count);

        try
        {
            return Find(root, [.. node.Scope, .. node.Path]) ?? Find(root, node.Path) ?? Variable(node);
        }
        catch (HoconException e) when (e.IsCycle && node.Optional)
        {
            // A circle is a missing value for whom it may be missing.
            _depth = depth;
            while (_open.Count > open)
                _open.RemoveAt(_open.Count - 1);

            return null;
        }
    }

    private HoconScalar? Variable(ReferenceNode node)
    {
        var name = string.Join('.', node.Path);

        return environment(name) is { } text
            ? new HoconScalar(new HoconOrigin($"environment variable {name}", 0, 0), KeyPath.Root, text)
            : null;
    }

    private HoconValue? Find(ObjectNode node, ReadOnlySpan<string> path)
    {
        if (!node.Fields.TryGetValue(path[0], out var field))
            return null;

        Descend(node.Origin);
        var found = Find(field, path[1..]);
        _depth--;

        return found;
    }

    // From the highest layer down: a value that is no object hides what is below, objects merge.
    private HoconValue? Find(Field field, ReadOnlySpan<string> path)
    {
        HoconValue? found = null;

        for (var i = Visible(field) - 1; i >= 0; i--)
        {
            Spend(1);

            HoconValue? lower;
            if (path.Length > 0 && field.Layers[i] is ObjectNode node)
            {
                lower = Find(node, path);
            }
            else
            {
                var layer = Layer(field, i);
                lower = layer is HoconObject whole ? whole.Find(path) : path.Length == 0 ? layer : null;
                if (layer is not null and not HoconObject)
                    return found ?? lower;
            }

            found = found is null || lower is null ? found ?? lower : Concatenation.Over(found, lower, Spend);
            if (found is not null && (found is not HoconObject || lower is not null and not HoconObject))
                return found;
        }

        return found;
    }

    private HoconValue? Layer(Field field, int index)
    {
        var node = field.Layers[index];
        if (node is LiteralNode or ListNode or ObjectNode)
            return Value(node);

        var before = Visible(field);
        _visible[field] = index;

        try
        {
            return Value(node);
        }
        finally
        {
            if (before == field.Layers.Count)
                _visible.Remove(field);
            else
                _visible[field] = before;
        }
    }

    private int Visible(Field field) => _visible.GetValueOrDefault(field, field.Layers.Count);

    private void Descend(HoconOrigin origin)
    {
        Spend(1);
        if (Limits.IsTooDeep(++_depth, Limits.ResolvingDepth))
            throw new HoconException(origin, $"substitutions lead through more than {Limits.ResolvingDepth} steps");
    }

    private void Spend(long amount)
    {
        _spent += amount;
        if (_spent > Limits.Expansion)
            throw new HoconException(root.Origin, "its substitutions expand this configuration beyond all measure");
    }

    private HoconException Undefined(ReferenceNode node) => LeadsBack(node.Path) || LeadsBack([.. node.Scope, .. node.Path])
        ? Circle(node.Origin, $"{node} leads back to itself, and nothing was set before", node)
        : new HoconException(node.Origin, $"{node} is neither set here nor in the environment; ${{?…}} may be missing");

    private bool LeadsBack(string[] path)
    {
        var node = root;
        foreach (var key in path)
        {
            if (node is null || !node.Fields.TryGetValue(key, out var field))
                return false;

            if (_visible.ContainsKey(field))
                return true;

            node = field.Layers.LastOrDefault() as ObjectNode;
        }

        return false;
    }

    private HoconException Circle(HoconOrigin origin, string problem, ReferenceNode? last = null)
    {
        IEnumerable<ReferenceNode> way = last is null ? _open.Keys : _open.Keys.Append(last);

        return new HoconException(origin, $"{problem}: {string.Join(" → ", way.TakeLast(8))}") { IsCycle = true };
    }
}
