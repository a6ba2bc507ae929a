namespace Broker.Actors.Channels;

/// <summary>
/// The publish ids of the newest publications, at least as many as the history keeps: a repeated id is answered with its first offset.
/// </summary>
internal sealed class PublishIds(int historySize)
{
    /// <summary>When an owner is lost every relay repeats a batch: what one publishes anew must not push out the ids of what another has yet to repeat.</summary>
    public const int Least = 1024;

    private readonly int _capacity = Math.Max(historySize, Least);
    private readonly Dictionary<string, long> _offsets = [];
    private readonly Queue<(long Offset, string Id)> _order = new();

    public long? Find(string id) => _offsets.TryGetValue(id, out var offset) ? offset : null;

    public void Add(long offset, string id)
    {
        if (_offsets.TryAdd(id, offset)) _order.Enqueue((offset, id));
        while (_order.TryPeek(out var oldest) && oldest.Offset <= offset - _capacity)
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
