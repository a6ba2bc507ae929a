using Broker.Actors.Nodes;
using Broker.Actors.Settings;

namespace Broker.Actors.Tests.OnAkka;

/// <summary>What stands in <c>hocon/akka.conf</c> is what Akka.NET goes by: it passes over a name that it does not know.</summary>
public sealed class EngineConfigTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("broker", BrokerNode.EngineConfig(Configuration.Parse("broker.cluster { host = localhost, bind-host = 127.0.0.1 }")));

    // Sharding brings its own defaults when it is first asked for.
    public EngineConfigTests() => ClusterSharding.Get(_system);

    public void Dispose() => _system.Terminate().Wait(TimeSpan.FromSeconds(60));

    [Fact]
    public void Nodes_that_are_cut_off_are_resolved_by_majority_and_shut_down_in_order()
    {
        var cluster = global::Akka.Cluster.Cluster.Get(_system);
        var resolver = new global::Akka.Cluster.SBR.SplitBrainResolverSettings(_system.Settings.Config);

        Assert.IsType<global::Akka.Cluster.SBR.SplitBrainResolverProvider>(cluster.DowningProvider);
        Assert.Equal("keep-majority", resolver.DowningStrategy);
        Assert.Equal(TimeSpan.FromSeconds(10), resolver.DowningStableAfter);
        Assert.True(cluster.Settings.RunCoordinatedShutdownWhenDown);
    }

    [Fact]
    public void One_node_is_a_cluster_and_joining_is_tried_again_soon()
    {
        var settings = global::Akka.Cluster.Cluster.Get(_system).Settings;

        Assert.Equal(1, settings.MinNrOfMembers);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.SeedNodeTimeout);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.RetryUnsuccessfulJoinAfter);
    }

    [Fact]
    public void Shards_are_kept_in_distributed_data_move_quickly_and_are_never_passivated_from_outside()
    {
        var settings = ClusterShardingSettings.Create(_system);

        Assert.Equal(global::Akka.Cluster.Sharding.StateStoreMode.DData, settings.StateStoreMode);
        Assert.Equal(TimeSpan.Zero, settings.PassivateIdleEntityAfter);
        Assert.False(settings.RememberEntities);
        Assert.Equal(TimeSpan.FromSeconds(2), settings.TuningParameters.RebalanceInterval);
        Assert.Equal(TimeSpan.FromSeconds(15), settings.TuningParameters.HandOffTimeout);
        Assert.Equal("LeastShardAllocationStrategy(32,0.1)", ClusterSharding.Get(_system).DefaultShardAllocationStrategy(settings).ToString());
    }

    [Fact]
    public void Leaving_is_given_the_time_that_a_hand_over_may_take()
    {
        var shutdown = CoordinatedShutdown.Get(_system);
        var handOver = ClusterShardingSettings.Create(_system).TuningParameters.HandOffTimeout;

        Assert.True(shutdown.Timeout(CoordinatedShutdown.PhaseClusterShardingShutdownRegion) > handOver);
        Assert.Equal(TimeSpan.FromSeconds(15), shutdown.Timeout(CoordinatedShutdown.PhaseClusterLeave));
        Assert.Equal(TimeSpan.FromSeconds(15), shutdown.Timeout(CoordinatedShutdown.PhaseClusterExiting));
        Assert.Equal(TimeSpan.FromSeconds(15), shutdown.Timeout(CoordinatedShutdown.PhaseClusterExitingDone));
    }

    [Fact]
    public void Channels_have_their_dispatcher_and_the_node_is_found_where_it_says()
    {
        Assert.Equal("broker-channel-dispatcher", _system.Dispatchers.Lookup("broker-channel-dispatcher").Id);
        Assert.Equal("localhost", global::Akka.Cluster.Cluster.Get(_system).SelfAddress.Host);
    }
}
