namespace Broker.Hocon.Tree;

/// <summary>
/// A value as it was written, before substitution. Every node has one owner: what two documents shall hold is copied,
/// so a tree may grow in place.
/// </summary>
internal abstract class Node(HoconOrigin origin)
{
    public HoconOrigin Origin { get; } = origin;

    public abstract Node Copy();
}

/// <summary>Text, quoted or not, or null.</summary>
internal sealed class LiteralNode(HoconOrigin origin, string text, bool isNull = false) : Node(origin)
{
    public string Text { get; } = text;

    public bool IsNull { get; } = isNull;

    /// <summary>White space between two values: kept between strings, dropped between lists or objects.</summary>
    public bool IsBlank { get; init; }

    public override Node Copy() => this;
}

/// <summary>A list; it grows by <c>+=</c>.</summary>
internal sealed class ListNode(HoconOrigin origin, List<Node> items) : Node(origin)
{
    public List<Node> Items { get; } = items;

    public override ListNode Copy() => new(Origin, Items.ConvertAll(item => item.Copy()));
}

/// <summary>
/// <c>${path}</c> or <c>${?path}</c>. In an included file the path is looked for below the place of the include first, then from
/// the root.
/// </summary>
internal sealed class ReferenceNode(HoconOrigin origin, string[] path, bool optional, string[] scope) : Node(origin)
{
    public string[] Path { get; } = path;

    public bool Optional { get; } = optional;

    public string[] Scope { get; } = scope;

    /// <summary>Stands beside an object, so it has to be one.</summary>
    public bool IsBesideObject { get; init; }

    public override ReferenceNode Copy() => new(Origin, Path, Optional, Scope) { IsBesideObject = IsBesideObject };

    public ReferenceNode BesideObject() => new(Origin, Path, Optional, Scope) { IsBesideObject = true };

    public override string ToString() => $"${{{(Optional ? "?" : "")}{KeyPath.Write(Path)}}}";
}

/// <summary>Values beside each other on one line, at least one of which is more than text.</summary>
internal sealed class ConcatenationNode(HoconOrigin origin, List<Node> parts) : Node(origin)
{
    public List<Node> Parts { get; } = parts;

    public bool HasObject => Parts.Exists(part => part is ObjectNode);

    public override Node Copy() => new ConcatenationNode(Origin, Parts.ConvertAll(part => part.Copy()));
}

/// <summary><c>path += item</c>: the list that stood there before, if any, and one item more.</summary>
internal sealed class AppendNode(HoconOrigin origin, string[] path, ListNode added) : Node(origin)
{
    public string[] Path { get; } = path;

    public ListNode Added { get; } = added;

    public override Node Copy() => new AppendNode(Origin, Path, Added.Copy());
}
