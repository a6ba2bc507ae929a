using System.Collections.Immutable;

namespace Broker.Engine;

/// <summary>The entities of one type on this node: makes them, finds them, keeps what comes for them while they passivate.</summary>
internal sealed class ShardRegion : ReceiveActor
{
    private readonly Plan _plan;
    private readonly Dictionary<string, Entity> _byId = [];
    private readonly Dictionary<IActorRef, Entity> _byRef = [];
    private int _buffered;
    private bool _isShuttingDown;

    public ShardRegion(Plan plan)
    {
        _plan = plan;
        Receive<Passivate>(OnPassivate);
        Receive<EntityStopped>(OnEntityStopped);
        Receive<GetShardRegionState>(OnGetState);
        Receive<GetClusterShardingStats>(OnGetStats);
        Receive<GracefulShutdown>(OnGracefulShutdown);
        ReceiveAny(OnMessage);
    }

    protected override void PostStop()
    {
        foreach (var entity in _byId.Values)
        {
            Drop(entity.TakeBuffer());
        }
    }

    private void OnMessage(object message)
    {
        if (!TryExtract(message, out var id, out var content))
        {
            Unhandled(message);
            return;
        }

        if (_byId.TryGetValue(id, out var entity) && entity.IsPassivating)
        {
            Keep(entity, content);
        }
        else if (_isShuttingDown)
        {
            Drop(content, Sender);
        }
        else if ((entity ?? Start(id, message)) is { } living)
        {
            living.Actor.Forward(content);
        }
        else
        {
            Drop(content, Sender);
        }
    }

    private void OnPassivate(Passivate passivate)
    {
        if (_byRef.TryGetValue(Sender, out var entity) && !entity.IsPassivating)
        {
            entity.Passivate();
            entity.Actor.Tell(passivate.StopMessage);
        }
    }

    private void OnEntityStopped(EntityStopped stopped)
    {
        var entity = stopped.Entity;
        _byId.Remove(entity.Id);
        _byRef.Remove(entity.Actor);
        var kept = entity.TakeBuffer();
        if (kept.Count > 0 && !_isShuttingDown && Start(entity.Id, kept.Peek().Message) is { } next)
        {
            _buffered -= kept.Count;
            foreach (var (message, sender) in kept)
            {
                next.Actor.Tell(message, sender);
            }
        }
        else
        {
            Drop(kept);
        }

        StopWhenEmpty();
    }

    private void OnGetState(GetShardRegionState query) => Sender.Tell(new CurrentShardRegionState(
        [.. _byId.Values.GroupBy(entity => entity.ShardId, (shard, entities) =>
            new ShardState(shard, entities.Select(entity => entity.Id).ToImmutableHashSet()))]));

    private void OnGetStats(GetClusterShardingStats query)
    {
        var stats = new ShardRegionStats(_byId.Values.CountBy(entity => entity.ShardId).ToImmutableDictionary());
        Sender.Tell(new ClusterShardingStats(ImmutableDictionary<Address, ShardRegionStats>.Empty.Add(Cell.System.Address, stats)));
    }

    private void OnGracefulShutdown(GracefulShutdown shutdown)
    {
        if (_isShuttingDown)
        {
            return;
        }

        _isShuttingDown = true;
        foreach (var entity in _byId.Values.Where(entity => !entity.IsPassivating))
        {
            entity.Actor.Tell(_plan.HandOffStopMessage);
        }

        StopWhenEmpty();
    }

    private void StopWhenEmpty()
    {
        if (_isShuttingDown && _byId.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private Entity? Start(string id, object message)
    {
        try
        {
            var actor = Context.ActorOf(_plan.EntityProps(id), Uri.EscapeDataString(id));
            var entity = new Entity(id, _plan.Extractor.ShardId(id, message), actor);
            _byId.Add(id, entity);
            _byRef.Add(actor, entity);
            Context.WatchWith(actor, new EntityStopped(entity));
            return entity;
        }
        catch (Exception failure)
        {
            Cell.System.Log.Error($"Entity [{Uri.EscapeDataString(id)}] of {Cell.PathText} could not be started", failure);
            return null;
        }
    }

    /// <summary>The extractor is the application's: what it throws must not take the region and all entities with it.</summary>
    private bool TryExtract(object message, out string id, out object content)
    {
        id = "";
        content = message;
        try
        {
            if (_plan.Extractor.EntityId(message) is not { Length: > 0 } found || _plan.Extractor.EntityMessage(message) is not { } inner)
            {
                return false;
            }

            (id, content) = (found, inner);
            return true;
        }
        catch (Exception failure)
        {
            Cell.System.Log.Error($"The message extractor of {Cell.PathText} failed", failure);
            return false;
        }
    }

    private void Keep(Entity entity, object message)
    {
        if (_buffered >= _plan.BufferSize)
        {
            Drop(message, Sender);
            return;
        }

        _buffered++;
        entity.Keep(message, Sender);
    }

    private void Drop(Queue<(object Message, IActorRef Sender)> kept)
    {
        _buffered -= kept.Count;
        foreach (var (message, sender) in kept)
        {
            Drop(message, sender);
        }
    }

    private void Drop(object message, IActorRef sender) => Cell.System.DeadLetters.Tell(new DeadLetter(message, sender, Self));

    /// <summary>What a type of entities was started with.</summary>
    internal sealed record Plan(Func<string, Props> EntityProps, IMessageExtractor Extractor, object HandOffStopMessage, int BufferSize);

    private sealed record EntityStopped(Entity Entity);

    /// <summary>One incarnation of an entity.</summary>
    private sealed class Entity(string id, string shardId, IActorRef actor)
    {
        private Queue<(object Message, IActorRef Sender)>? _buffer;

        public string Id => id;

        public string ShardId => shardId;

        public IActorRef Actor => actor;

        public bool IsPassivating { get; private set; }

        public void Passivate() => IsPassivating = true;

        public void Keep(object message, IActorRef sender) => (_buffer ??= []).Enqueue((message, sender));

        public Queue<(object Message, IActorRef Sender)> TakeBuffer()
        {
            var kept = _buffer ?? [];
            _buffer = null;
            return kept;
        }
    }
}
