namespace Broker.Actors.Channels;

/// <summary>What waits to be appended, own and foreign, in the order of its appending.</summary>
internal sealed class WaitingEntries
{
    private Queue<LedgerEntry> _entries = new();

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>The payloads of others, oldest first.</summary>
    public IEnumerable<byte[]> Foreign => _entries.Where(entry => entry.Ticket is null).Select(entry => entry.Publication.Payload);

    public void Add(LedgerEntry entry) => _entries.Enqueue(entry);

    public void AddInFront(IEnumerable<LedgerEntry> first) => _entries = new Queue<LedgerEntry>(first.Concat(_entries));

    public bool TryPeek(out LedgerEntry entry) => _entries.TryPeek(out entry);

    public LedgerEntry Take() => _entries.Dequeue();

    /// <summary>Takes out what is ours. Returns its tickets.</summary>
    public IReadOnlyList<object> TakeOwn()
    {
        var tickets = _entries.Select(entry => entry.Ticket).OfType<object>().ToArray();
        if (tickets.Length > 0) _entries = new Queue<LedgerEntry>(_entries.Where(entry => entry.Ticket is null));
        return tickets;
    }

    /// <summary>Takes out what is not ours.</summary>
    public IReadOnlyList<byte[]> TakeForeign()
    {
        var foreign = Foreign.ToArray();
        if (foreign.Length > 0) _entries = new Queue<LedgerEntry>(_entries.Where(entry => entry.Ticket is not null));
        return foreign;
    }

    public bool Holds(ReadOnlySpan<byte> payload)
    {
        foreach (var entry in _entries) if (payload.SequenceEqual(entry.Publication.Payload)) return true;
        return false;
    }
}
