namespace Broker.Hocon;

/// <summary>A list of values.</summary>
public sealed class HoconList : HoconValue
{
    internal HoconList(HoconOrigin origin, KeyPath path, IReadOnlyList<HoconValue> items)
        : base(origin, path)
    {
        Items = items;
        Depth = 1 + items.Select(item => item.Depth).DefaultIfEmpty().Max();
    }

    /// <summary>The items in their order.</summary>
    public IReadOnlyList<HoconValue> Items { get; }

    internal override int Depth { get; }

    internal override string Kind => "a list";

    /// <inheritdoc/>
    public override IReadOnlyList<HoconValue> AsList() => Items;

    internal override HoconList At(KeyPath path, Action<long> spend)
    {
        spend(Limits.Value);
        return new HoconList(Origin, path, [.. Items.Select((item, index) => item.At(path.Item(index), spend))]);
    }
}
