using System.Collections.Immutable;

namespace Broker.Engine;

/// <summary>Decides on which node a shard lives.</summary>
public interface IShardAllocationStrategy
{
    /// <summary>The region that a shard goes to.</summary>
    Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations);

    /// <summary>The shards that should move.</summary>
    Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress);
}

/// <summary>All shards live where they are asked for: the one node that there is.</summary>
internal sealed class AllHere : IShardAllocationStrategy
{
    public Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
        Task.FromResult(requester);

    public Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) =>
        Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);
}

/// <summary>How entities are kept.</summary>
public sealed class ClusterShardingSettings
{
    private ClusterShardingSettings(Config config)
    {
        BufferSize = config.GetInt("buffer-size");
        MaxMoves = config.GetInt("max-simultaneous-moves");
        HandOverTimeout = config.GetTimeSpan("handoff-timeout", allowInfinite: false);
    }

    /// <summary>How many messages a region keeps for entities that are passivating, and how many for shards on their way.</summary>
    internal int BufferSize { get; }

    /// <summary>How many shards of a type a node hands over at once.</summary>
    internal int MaxMoves { get; }

    /// <summary>How long entities have to stop when their shard goes.</summary>
    internal TimeSpan HandOverTimeout { get; }

    /// <summary>What the system's configuration says under <c>akka.cluster.sharding</c>.</summary>
    public static ClusterShardingSettings Create(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return new ClusterShardingSettings(system.Settings.Config.GetConfig("akka.cluster.sharding"));
    }
}
