using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Broker.Engine;

/// <summary>
/// Entities: actors that are addressed by id, made when the first message for them comes, and of which there is one per id.
/// Without a cluster all of them live in this system.
/// </summary>
public class ClusterSharding : IExtension
{
    private readonly LocalActorSystem _system;
    private readonly LocalActorRef _guardian;
    private readonly ConcurrentDictionary<string, Lazy<IActorRef>> _regions = new();

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
    /// <param name="allocationStrategy">Decides where a shard lives; not asked as long as there is one node.</param>
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
        var plan = new ShardRegion.Plan(entityPropsFactory, messageExtractor, handOffStopMessage, settings.BufferSize);
        return _regions.GetOrAdd(typeName, _ => new Lazy<IActorRef>(() => StartRegion(typeName, plan))).Value;
    }

    /// <summary>Starts a type of entities that are all made alike, or finds it if it was started before.</summary>
    /// <returns>The region: takes messages for all entities of the type.</returns>
    public IActorRef Start(
        string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        Start(typeName, _ => entityProps, settings, messageExtractor);

    /// <summary>The region of a type that was started.</summary>
    /// <exception cref="ArgumentException">It was not.</exception>
    public IActorRef ShardRegion(string typeName) => _regions.TryGetValue(typeName, out var region)
        ? region.Value
        : throw new ArgumentException($"Shard type [{typeName}] must be started first.", nameof(typeName));

    /// <summary>The strategy that is used if none is given.</summary>
    public IShardAllocationStrategy DefaultShardAllocationStrategy(ClusterShardingSettings settings) => new AllHere();

    private LocalActorRef StartRegion(string typeName, ShardRegion.Plan plan)
    {
        var cell = _guardian.Cell ?? throw new InvalidOperationException("The actor system has been terminated.");
        var region = (LocalActorRef)cell.ActorOf(Props.Create<ShardRegion>(plan), Uri.EscapeDataString(typeName));
        CoordinatedShutdown.Get(_system).AddTask(CoordinatedShutdown.PhaseClusterShardingShutdownRegion, $"region-{typeName}", async () =>
        {
            region.Tell(GracefulShutdown.Instance, ActorRefs.NoSender);
            await StopSign.Of(region).ConfigureAwait(false);
            return Done.Instance;
        });
        return region;
    }

    private sealed class Id : ExtensionIdProvider<ClusterSharding>
    {
        public static readonly Id Instance = new();

        public override ClusterSharding CreateExtension(ExtendedActorSystem system) => new((LocalActorSystem)system);
    }
}
