namespace Broker.Actors.Channels;

/// <summary>
/// The publish ids of the newest publications, as many as the history keeps: a repeated id is answered with its first offset.
/// </summary>
internal sealed class PublishIds(int capacity)
{
    private readonly Dictionary<string, long> _offsets = [];
    private readonly Queue<(long Offset, string Id)> _order = new();

    public long? Find(string id) => _offsets.TryGetValue(id, out var offset) ? offset : null;

    public void Add(long offset, string id)
    {
        if (_offsets.TryAdd(id, offset)) _order.Enqueue((offset, id));
        while (_order.TryPeek(out var oldest) && oldest.Offset <= offset - capacity)
        {
            _order.Dequeue();
            _offsets.Remove(oldest.Id);
        }
    }

    /// <summary>What the history holds, after another owner may have appended to it.</summary>
    public void Reset(IReadOnlyList<(long Offset, string Id)> held)
    {
        _offsets.Clear();
        _order.Clear();
        foreach (var (offset, id) in held) Add(offset, id);
    }
}
