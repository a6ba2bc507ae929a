namespace Broker.Engine;

/// <summary>One incarnation of an entity.</summary>
internal sealed class Entity(string id, string shardId, IActorRef actor)
{
    private Queue<(object Message, IActorRef Sender)>? _kept;

    public string Id => id;

    public string ShardId => shardId;

    public IActorRef Actor => actor;

    /// <summary>It is to stop; what comes for it is kept for its next incarnation.</summary>
    public bool IsPassivating { get; set; }

    public void Keep(object message, IActorRef sender) => (_kept ??= []).Enqueue((message, sender));

    public Queue<(object Message, IActorRef Sender)> TakeKept()
    {
        var kept = _kept ?? [];
        _kept = null;
        return kept;
    }
}

/// <summary>The entities of a region: by id, by reference, by shard.</summary>
internal sealed class Entities
{
    private static readonly IReadOnlyCollection<Entity> Nobody = [];

    private readonly Dictionary<string, Entity> _byId = [];
    private readonly Dictionary<IActorRef, Entity> _byRef = [];
    private readonly Dictionary<string, HashSet<Entity>> _byShard = [];

    public int Count => _byId.Count;

    public IReadOnlyCollection<Entity> All => _byId.Values;

    public IEnumerable<(string ShardId, IReadOnlyCollection<Entity> Entities)> Shards => _byShard.Select(shard => (shard.Key, (IReadOnlyCollection<Entity>)shard.Value));

    public Entity? Find(string id) => _byId.GetValueOrDefault(id);

    public Entity? Find(IActorRef actor) => _byRef.GetValueOrDefault(actor);

    public IReadOnlyCollection<Entity> In(string shardId) => _byShard.TryGetValue(shardId, out var entities) ? entities : Nobody;

    public void Add(Entity entity)
    {
        _byId.Add(entity.Id, entity);
        _byRef.Add(entity.Actor, entity);
        if (!_byShard.TryGetValue(entity.ShardId, out var shard))
        {
            _byShard.Add(entity.ShardId, shard = []);
        }

        shard.Add(entity);
    }

    public void Remove(Entity entity)
    {
        _byId.Remove(entity.Id);
        _byRef.Remove(entity.Actor);
        if (_byShard.TryGetValue(entity.ShardId, out var shard) && shard.Remove(entity) && shard.Count == 0)
        {
            _byShard.Remove(entity.ShardId);
        }
    }
}
