namespace Broker.Hocon.Tree;

/// <summary>
/// All that was assigned to one key and still matters, lowest first. An assignment that may turn out to be an object, or to be
/// missing, lets the earlier ones live; which of them win is known only when substitutions are resolved.
/// </summary>
internal sealed class Field
{
    public List<Node> Layers { get; } = [];

    public void Add(Node node)
    {
        var top = Layers.LastOrDefault();

        if (node is ObjectNode upper && top is ObjectNode lower)
            lower.Merge(upper);
        else if (node is AppendNode append && top is ListNode list)
            list.Items.AddRange(append.Added.Items);
        else if (node is AppendNode more && top is AppendNode some)
            some.Added.Items.AddRange(more.Added.Items);
        else if (node is ConcatenationNode { HasObject: true } objects)
            AddEach(objects);
        else
            Push(node);
    }

    public Field Copy()
    {
        var copy = new Field();
        foreach (var layer in Layers)
            copy.Layers.Add(layer.Copy());

        return copy;
    }

    // a = ${x} { b = 1 } is a = ${x} and then a { b = 1 }. As layers they can be looked into without resolving all of them.
    private void AddEach(ConcatenationNode objects)
    {
        foreach (var part in objects.Parts)
        {
            if (part is ReferenceNode reference)
                Push(reference.BesideObject());
            else if (part is ObjectNode)
                Add(part);
        }
    }

    private void Push(Node node)
    {
        if (node is LiteralNode or ListNode)
            Layers.Clear();

        Layers.Add(node);
    }
}
