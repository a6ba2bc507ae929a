namespace Broker.Actors.Redis.InMemory;

/// <summary>A channel's history: publications in the order of their offsets, cut at the old end.</summary>
internal sealed class HistoryStream
{
    private readonly List<StoredPublication> _entries = [];
    private int _start;

    public int Count => _entries.Count - _start;

    public long? Oldest => Count > 0 ? _entries[_start].Offset : null;

    public long? Newest => Count > 0 ? _entries[^1].Offset : null;

    public IEnumerable<StoredPublication> All => _entries.Skip(_start);

    public void Add(StoredPublication publication, int size)
    {
        _entries.Add(publication);
        Trim(size);
    }

    public void Trim(int size)
    {
        _start = Math.Max(_start, _entries.Count - size);
        if (_start <= 64 || _start <= Count) return;

        _entries.RemoveRange(0, _start);
        _start = 0;
    }

    /// <summary>Publications above the offset until a bound is reached, at least one.</summary>
    public IReadOnlyList<StoredPublication> After(long offset, int maxCount, int maxBytes)
    {
        var page = new List<StoredPublication>();
        var bytes = 0L;
        for (var i = IndexAbove(offset); i < _entries.Count && page.Count < Math.Max(1, maxCount); i++)
        {
            var entry = _entries[i];
            bytes += entry.Payload.Length;
            if (page.Count > 0 && bytes > maxBytes) break;
            page.Add(entry);
        }

        return page;
    }

    /// <summary>Publications below the offset, newest first, until a bound is reached, at least one.</summary>
    public IReadOnlyList<StoredPublication> Before(long offset, int maxCount, int maxBytes)
    {
        var page = new List<StoredPublication>();
        var bytes = 0L;
        for (var i = IndexAbove(offset - 1) - 1; i >= _start && page.Count < Math.Max(1, maxCount); i--)
        {
            var entry = _entries[i];
            bytes += entry.Payload.Length;
            if (page.Count > 0 && bytes > maxBytes) break;
            page.Add(entry);
        }

        return page;
    }

    private int IndexAbove(long offset)
    {
        var (low, high) = (_start, _entries.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_entries[middle].Offset > offset) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
