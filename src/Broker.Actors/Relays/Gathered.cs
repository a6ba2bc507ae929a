using Broker.Actors.Channels;

namespace Broker.Actors.Relays;

/// <summary>
/// Publications that wait to be dispatched together: every subscriber's outbox is written once per batch, so a relay that is behind dispatches all that waits as one.
/// </summary>
internal sealed class Gathered
{
    /// <summary>Nothing is added to that much: a batch goes to an outbox as a whole. What comes together from the owner stays together, and an outbox takes it.</summary>
    private const int MaxBytes = 64 * 1024;

    private const int MaxCount = 512;

    private IReadOnlyList<Publication> _items = [];
    private List<Publication>? _several;
    private int _bytes;

    public bool IsEmpty => _items.Count == 0;

    /// <summary>No more should be added before it is taken.</summary>
    public bool IsFull => _items.Count >= MaxCount || _bytes >= MaxBytes;

    /// <summary>In channel order. The list belongs to whoever takes it in the end.</summary>
    public void Add(IReadOnlyList<Publication> items)
    {
        foreach (var item in items) _bytes += item.Weight;
        if (_items.Count == 0)
        {
            _items = items;
            return;
        }

        _several ??= [.. _items];
        _several.AddRange(items);
        _items = _several;
    }

    public IReadOnlyList<Publication> TakeAll()
    {
        var all = _items;
        (_items, _several, _bytes) = ([], null, 0);
        return all;
    }
}
