namespace Broker.Engine;

/// <summary>A message on its way through regions.</summary>
/// <param name="Message">As it was told to the first region.</param>
/// <param name="Sender">Who told it.</param>
/// <param name="Hops">How many regions have sent it on.</param>
/// <param name="From">The node whose region sent it here, empty if it was told here.</param>
internal readonly record struct InTransit(object Message, IActorRef Sender, int Hops, string From);

/// <summary>What waits until it is known where its shard is, in order, and bounded over all shards.</summary>
internal sealed class ShardBuffer(int maxCount)
{
    private readonly Dictionary<int, Queue<InTransit>> _waiting = [];

    public int Count { get; private set; }

    public IReadOnlyCollection<int> Shards => _waiting.Keys;

    /// <returns>False if there is no room.</returns>
    public bool TryAdd(int shard, InTransit message)
    {
        if (Count >= maxCount)
        {
            return false;
        }

        if (!_waiting.TryGetValue(shard, out var queue))
        {
            _waiting.Add(shard, queue = []);
        }

        queue.Enqueue(message);
        Count++;
        return true;
    }

    public IReadOnlyCollection<InTransit> Take(int shard)
    {
        if (!_waiting.Remove(shard, out var queue))
        {
            return [];
        }

        Count -= queue.Count;
        return queue;
    }
}
