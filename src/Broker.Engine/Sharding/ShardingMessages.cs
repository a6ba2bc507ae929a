using System.Collections.Immutable;

namespace Broker.Engine;

/// <summary>
/// From an entity to its parent: stop me with <see cref="StopMessage"/>. What comes for it until it has stopped is kept for its
/// next incarnation.
/// </summary>
public sealed class Passivate
{
    /// <summary>Asks to be stopped with that message.</summary>
    public Passivate(object stopMessage) => StopMessage = stopMessage;

    /// <summary>What the entity is sent in return.</summary>
    public object StopMessage { get; }
}

/// <summary>To a region: stop your entities with the hand-off stop message, then yourself.</summary>
public sealed class GracefulShutdown
{
    /// <summary>The one of its kind.</summary>
    public static readonly GracefulShutdown Instance = new();

    private GracefulShutdown()
    {
    }
}

/// <summary>To a region: which shards and entities are here? Answered with <see cref="CurrentShardRegionState"/>.</summary>
public sealed class GetShardRegionState
{
    /// <summary>The one of its kind.</summary>
    public static readonly GetShardRegionState Instance = new();

    private GetShardRegionState()
    {
    }
}

/// <summary>The answer to <see cref="GetShardRegionState"/>.</summary>
public sealed class CurrentShardRegionState
{
    /// <summary>The shards of one region.</summary>
    public readonly IImmutableSet<ShardState> Shards;

    internal CurrentShardRegionState(IImmutableSet<ShardState> shards) => Shards = shards;
}

/// <summary>A shard and its living entities.</summary>
public sealed class ShardState
{
    /// <summary>The shard.</summary>
    public readonly string ShardId;

    /// <summary>Its entities.</summary>
    public readonly IImmutableSet<string> EntityIds;

    internal ShardState(string shardId, IImmutableSet<string> entityIds)
    {
        ShardId = shardId;
        EntityIds = entityIds;
    }
}

/// <summary>To a region: how many entities are where? Answered with <see cref="ClusterShardingStats"/>.</summary>
public sealed class GetClusterShardingStats
{
    /// <summary>How long to wait for other nodes.</summary>
    public readonly TimeSpan Timeout;

    /// <summary>Asks for the numbers of entities.</summary>
    public GetClusterShardingStats(TimeSpan timeout) => Timeout = timeout;
}

/// <summary>The answer to <see cref="GetClusterShardingStats"/>.</summary>
public sealed class ClusterShardingStats
{
    /// <summary>The regions by their nodes' addresses.</summary>
    public readonly IImmutableDictionary<Address, ShardRegionStats> Regions;

    internal ClusterShardingStats(IImmutableDictionary<Address, ShardRegionStats> regions) => Regions = regions;
}

/// <summary>The numbers of entities of one region.</summary>
public sealed class ShardRegionStats
{
    /// <summary>How many entities live, by shard.</summary>
    public readonly IImmutableDictionary<string, int> Stats;

    internal ShardRegionStats(IImmutableDictionary<string, int> stats) => Stats = stats;
}
