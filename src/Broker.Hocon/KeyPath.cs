using System.Text;

namespace Broker.Hocon;

/// <summary>The way from the root to a value. Linked, so that a value deep in the tree shares it with its neighbours.</summary>
internal sealed class KeyPath
{
    public static readonly KeyPath Root = new(null, "");

    private readonly KeyPath? _parent;
    private readonly string _step;

    private KeyPath(KeyPath? parent, string step) => (_parent, _step) = (parent, step);

    public KeyPath Key(string key) => new(this, key);

    public KeyPath Item(int index) => new(this, $"[{index}]") { IsItem = true };

    private bool IsItem { get; init; }

    /// <summary><c>a."b.c".d[2]</c>; the root is the empty string.</summary>
    public override string ToString()
    {
        var steps = new Stack<KeyPath>();
        for (var step = this; step._parent is not null; step = step._parent)
            steps.Push(step);

        var text = new StringBuilder();
        foreach (var step in steps)
        {
            if (text.Length > 0 && !step.IsItem)
                text.Append('.');

            text.Append(step.IsItem ? step._step : HoconText.Key(step._step));
        }

        return text.ToString();
    }

    /// <summary>The path of these keys as it is written in a file.</summary>
    public static string Write(IEnumerable<string> keys) => string.Join('.', keys.Select(HoconText.Key));
}
