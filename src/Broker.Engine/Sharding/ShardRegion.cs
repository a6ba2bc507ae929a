using System.Globalization;

namespace Broker.Engine;

/// <summary>
/// The entities of one type on this node: makes them, finds them, keeps what comes for them while they passivate. In a cluster it also
/// takes part in who has which shard (<see cref="ShardTable"/> decides) and sends on what is for another node.
/// </summary>
/// <remarks>
/// What comes for a shard whose node is not known, or that is on its way to another, waits in a bounded buffer; what finds no room is a
/// dead letter. A message that another region sent here, and that we take to be that region's, waits for this node to learn more (a region that
/// has handed everything over knows better, and sends it back); and none is
/// sent on more than <see cref="MaxHops"/> times: nodes of different opinions do not throw messages at each other.
/// </remarks>
internal sealed partial class ShardRegion : ReceiveActor, IWithTimers
{
    private const int MaxHops = 5;

    private readonly Plan _plan;
    private readonly Entities _entities = new();
    private readonly ShardBuffer _waiting;
    private readonly ShardTable? _table;
    private int _kept;
    private bool _isShuttingDown;
    private bool _stopsWhenEmpty;
    private IActorRef? _waitsForHandOver;

    public ShardRegion(Plan plan)
    {
        _plan = plan;
        _waiting = new ShardBuffer(plan.BufferSize);
        if (Cell.System.Links is { } links)
        {
            _table = new ShardTable(plan.Type, plan.Shards, links.Self.Id, plan.MaxMoves);
        }

        Receive<Passivate>(OnPassivate);
        Receive<EntityStopped>(OnEntityStopped);
        Receive<ClusterView>(OnView);
        Receive<HandOverTimeout>(OnHandOverTimeout);
        Receive<GetShardRegionState>(OnGetState);
        Receive<GetClusterShardingStats>(OnGetStats);
        Receive<StatsQuery>(OnStatsQuery);
        Receive<GracefulShutdown>(OnGracefulShutdown);
        Receive<HandOverAll>(OnHandOverAll);
        Receive<Routed>(routed => OnMessage(routed.Message, routed.Hops, routed.From));
        ReceiveAny(message => OnMessage(message, hops: 0, from: ""));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        if (_table is not null && Cluster.Get(Cell.System).View is { } view)
        {
            OnView(view);
        }
    }

    protected override void PostStop()
    {
        foreach (var entity in _entities.All)
        {
            Drop(entity.TakeKept());
        }

        foreach (var shard in _waiting.Shards.ToList())
        {
            foreach (var message in _waiting.Take(shard))
            {
                Drop(message.Message, message.Sender);
            }
        }
    }

    private void OnMessage(object message, int hops, string from)
    {
        if (!TryExtract(message, out var id, out var content))
        {
            Unhandled(message);
        }
        else if (_table is null)
        {
            Deliver(id, content, message);
        }
        else if (TryFindShard(id, message, out var shard))
        {
            Route(shard, id, content, new InTransit(message, Sender, hops, from));
        }
        else
        {
            Drop(message, Sender);
        }
    }

    /// <summary>To the entity, which is made if it is not there.</summary>
    private void Deliver(string id, object content, object message)
    {
        var entity = _entities.Find(id);
        if (entity is { IsPassivating: true })
        {
            Keep(entity, content);
        }
        else if (_isShuttingDown && _table is null)
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
        if (_entities.Find(Sender) is { IsPassivating: false } entity)
        {
            entity.IsPassivating = true;
            entity.Actor.Tell(passivate.StopMessage);
        }
    }

    private void OnEntityStopped(EntityStopped stopped)
    {
        var entity = stopped.Entity;
        _entities.Remove(entity);
        var kept = entity.TakeKept();
        if (kept.Count > 0 && MayStart(entity.ShardId) && Start(entity.Id, kept.Peek().Message) is { } next)
        {
            _kept -= kept.Count;
            foreach (var (message, sender) in kept)
            {
                next.Actor.Tell(message, sender);
            }
        }
        else
        {
            Drop(kept);
        }

        AfterStop(entity.ShardId);
        StopWhenEmpty();
    }

    private void OnGracefulShutdown(GracefulShutdown shutdown)
    {
        _stopsWhenEmpty = true;
        BeginShutdown();
        StopWhenEmpty();
    }

    /// <summary>Like a shutdown, but the region stays to send on what others, who do not know yet, send here.</summary>
    private void OnHandOverAll(HandOverAll order)
    {
        _waitsForHandOver = Sender;
        BeginShutdown();
        StopWhenEmpty();
    }

    private void BeginShutdown()
    {
        if (_isShuttingDown)
        {
            return;
        }

        _isShuttingDown = true;
        if (_table is null)
        {
            StopEntities(_entities.All);
        }
        else
        {
            Retire();
        }
    }

    private void StopEntities(IReadOnlyCollection<Entity> entities)
    {
        foreach (var entity in entities.Where(entity => !entity.IsPassivating))
        {
            entity.Actor.Tell(_plan.HandOffStopMessage);
        }
    }

    private void StopWhenEmpty()
    {
        if (!_isShuttingDown || _entities.Count > 0 || !HasNothingToHandOver)
        {
            return;
        }

        _waitsForHandOver?.Tell(Done.Instance);
        _waitsForHandOver = null;
        if (_stopsWhenEmpty)
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
            _entities.Add(entity);
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

    private bool TryFindShard(string id, object message, out int shard)
    {
        var shardId = _plan.Extractor.ShardId(id, message);
        return int.TryParse(shardId, NumberStyles.None, CultureInfo.InvariantCulture, out shard) && shard < _plan.Shards;
    }

    private void Keep(Entity entity, object message)
    {
        if (_kept >= _plan.BufferSize)
        {
            Drop(message, Sender);
            return;
        }

        _kept++;
        entity.Keep(message, Sender);
    }

    private void Drop(Queue<(object Message, IActorRef Sender)> kept)
    {
        _kept -= kept.Count;
        foreach (var (message, sender) in kept)
        {
            Drop(message, sender);
        }
    }

    private void Drop(object message, IActorRef sender) => Cell.System.DeadLetters.Tell(new DeadLetter(message, sender, Self));

    /// <summary>What a type of entities was started with.</summary>
    /// <param name="Type">Its name.</param>
    /// <param name="Shards">How many there are; of interest only in a cluster.</param>
    /// <param name="EntityProps">Makes an entity's Props from its id.</param>
    /// <param name="Extractor">Finds the entity of a message.</param>
    /// <param name="HandOffStopMessage">Stops an entity whose shard moves.</param>
    /// <param name="BufferSize">How many messages are kept for passivating entities, and how many for shards on their way.</param>
    /// <param name="MaxMoves">How many shards may be on their way to other nodes at once.</param>
    /// <param name="HandOverTimeout">After that long an entity that was told to stop is stopped.</param>
    internal sealed record Plan(
        string Type,
        int Shards,
        Func<string, Props> EntityProps,
        IMessageExtractor Extractor,
        object HandOffStopMessage,
        int BufferSize,
        int MaxMoves,
        TimeSpan HandOverTimeout);

    /// <summary>Hand all shards over, then answer <see cref="Done"/>.</summary>
    internal sealed record HandOverAll;

    private sealed record EntityStopped(Entity Entity);

    private sealed record HandOverTimeout(int Shard);
}
