namespace Broker.Hocon.Tree;

/// <summary>An object: its fields in the order of their first mention.</summary>
internal sealed class ObjectNode(HoconOrigin origin) : Node(origin)
{
    public OrderedDictionary<string, Field> Fields { get; } = [];

    /// <summary>Sets a field, below further objects if the path has several keys.</summary>
    public void Set(ReadOnlySpan<string> path, Node value)
    {
        for (var i = path.Length - 1; i > 0; i--)
        {
            var parent = new ObjectNode(value.Origin);
            parent.Field(path[i]).Add(value);
            value = parent;
        }

        Field(path[0]).Add(value);
    }

    /// <summary>Puts the fields of another object over these.</summary>
    public void Merge(ObjectNode upper)
    {
        foreach (var (key, field) in upper.Fields)
        {
            var mine = Field(key);
            foreach (var layer in field.Layers)
                mine.Add(layer);
        }
    }

    public override ObjectNode Copy()
    {
        var copy = new ObjectNode(Origin);
        foreach (var (key, field) in Fields)
            copy.Fields.Add(key, field.Copy());

        return copy;
    }

    private Field Field(string key)
    {
        if (!Fields.TryGetValue(key, out var field))
            Fields.Add(key, field = new Field());

        return field;
    }
}
