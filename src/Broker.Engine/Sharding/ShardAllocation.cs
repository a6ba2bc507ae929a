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
    private ClusterShardingSettings(int bufferSize) => BufferSize = bufferSize;

    /// <summary>How many messages a region keeps for entities that are passivating.</summary>
    internal int BufferSize { get; }

    /// <summary>What the system's configuration says under <c>akka.cluster.sharding</c>.</summary>
    public static ClusterShardingSettings Create(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return new ClusterShardingSettings(system.Settings.Config.GetInt("akka.cluster.sharding.buffer-size"));
    }
}
