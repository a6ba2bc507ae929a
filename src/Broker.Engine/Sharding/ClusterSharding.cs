using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Broker.Engine;

/// <summary>
/// Entities: actors that are addressed by id, made when the first message for them comes, and of which there is one per id.
/// Without a cluster all of them live in this system. In one their shards are spread over the members by rendezvous hashing
/// (<see cref="Allocation"/>); <see cref="ShardTable"/> tells how shards are held, handed over, lost and claimed.
/// </summary>
public class ClusterSharding : IExtension
{
    private readonly LocalActorSystem _system;
    private readonly LocalActorRef _guardian;
    private readonly ConcurrentDictionary<string, Lazy<Region>> _regions = new();

    /// <summary>The regions that were started, by type and number of shards.</summary>
    internal IEnumerable<(string TypeKey, IActorRef Region)> Regions =>
        _regions.Values.Select(region => region.Value).Select(region => (region.TypeKey, region.Actor));

    internal ClusterSharding(LocalActorSystem system)
    {
        _system = system;
        _guardian = (LocalActorRef)system.SystemActorOf(Guardians.Below, "sharding");
    }

    /// <summary>The types that were started.</summary>
    public ImmutableHashSet<string> ShardTypeNames => [.. _regions.Keys];

    /// <summary>The system's sharding.</summary>
    public static ClusterSharding Get(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return (ClusterSharding)system.RegisterExtension(Id.Instance);
    }

    /// <summary>Starts a type of entities, or finds it if it was started before.</summary>
    /// <returns>The region: takes messages for all entities of the type.</returns>
    public IActorRef Start(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        Start(typeName, entityPropsFactory, settings, messageExtractor, DefaultShardAllocationStrategy(settings), PoisonPill.Instance);

    /// <summary>Starts a type of entities, or finds it if it was started before.</summary>
    /// <param name="typeName">Unique in the system.</param>
    /// <param name="entityPropsFactory">Makes an entity's Props from its id.</param>
    /// <param name="settings">How entities are kept.</param>
    /// <param name="messageExtractor">Finds the entity of a message.</param>
    /// <param name="allocationStrategy">Not asked: all nodes come to the same answer by hashing (on Akka.NET it is).</param>
    /// <param name="handOffStopMessage">Stops an entity whose shard moves, or whose region shuts down.</param>
    /// <returns>The region: takes messages for all entities of the type.</returns>
    public IActorRef Start(
        string typeName,
        Func<string, Props> entityPropsFactory,
        ClusterShardingSettings settings,
        IMessageExtractor messageExtractor,
        IShardAllocationStrategy allocationStrategy,
        object handOffStopMessage)
    {
        ArgumentException.ThrowIfNullOrEmpty(typeName);
        ArgumentNullException.ThrowIfNull(entityPropsFactory);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(messageExtractor);
        ArgumentNullException.ThrowIfNull(allocationStrategy);
        ArgumentNullException.ThrowIfNull(handOffStopMessage);
        var plan = new ShardRegion.Plan(
            typeName,
            NumberOfShards(messageExtractor),
            entityPropsFactory,
            messageExtractor,
            handOffStopMessage,
            settings.BufferSize,
            settings.MaxMoves,
            settings.HandOverTimeout);
        return _regions.GetOrAdd(typeName, _ => new Lazy<Region>(() => StartRegion(plan))).Value.Actor;
    }

    /// <summary>Starts a type of entities that are all made alike, or finds it if it was started before.</summary>
    /// <returns>The region: takes messages for all entities of the type.</returns>
    public IActorRef Start(
        string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        Start(typeName, _ => entityProps, settings, messageExtractor);

    /// <summary>The region of a type that was started.</summary>
    /// <exception cref="ArgumentException">It was not.</exception>
    public IActorRef ShardRegion(string typeName) => _regions.TryGetValue(typeName, out var region)
        ? region.Value.Actor
        : throw new ArgumentException($"Shard type [{typeName}] must be started first.", nameof(typeName));

    /// <summary>The strategy that is used if none is given.</summary>
    public IShardAllocationStrategy DefaultShardAllocationStrategy(ClusterShardingSettings settings) => new AllHere();

    private int NumberOfShards(IMessageExtractor extractor) => (extractor, _system.Links) switch
    {
        (HashCodeMessageExtractor hashing, _) => hashing.MaxNumberOfShards,
        (_, null) => 0,
        _ => throw new NotSupportedException("In a cluster the extractor must be a HashCodeMessageExtractor: all nodes know all shards."),
    };

    private Region StartRegion(ShardRegion.Plan plan)
    {
        var cell = _guardian.Cell ?? throw new InvalidOperationException("The actor system has been terminated.");
        var actor = (LocalActorRef)cell.ActorOf(Props.Create<ShardRegion>(plan), Uri.EscapeDataString(plan.Type));
        var region = new Region(ShardTable.KeyOf(plan.Type, plan.Shards), actor);
        CoordinatedShutdown.Get(_system).AddTask(CoordinatedShutdown.PhaseClusterShardingShutdownRegion, $"region-{plan.Type}", async () =>
        {
            // It stays to the end, for what other nodes still send here.
            var stopped = StopSign.Of(actor);
            await Task.WhenAny(stopped, actor.Ask<Done>(new ShardRegion.HandOverAll(), Timeout.InfiniteTimeSpan)).ConfigureAwait(false);
            return Done.Instance;
        });
        if (_system.Links is not null)
        {
            Cluster.Get(_system).Daemon?.Tell(new ClusterDaemon.AddRegion(region.TypeKey, actor), ActorRefs.NoSender);
        }

        return region;
    }

    private sealed record Region(string TypeKey, IActorRef Actor);

    private sealed class Id : ExtensionIdProvider<ClusterSharding>
    {
        public static readonly Id Instance = new();

        public override ClusterSharding CreateExtension(ExtendedActorSystem system) => new((LocalActorSystem)system);
    }
}
