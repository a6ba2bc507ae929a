#if ACTOR_ENGINE_AKKA
using Akka.Cluster;
#endif

namespace Broker.Engine.Tests.Contract;

/// <summary>A node that shards: Akka.NET wants a cluster of one for that, the built-in engine wants nothing.</summary>
internal static class OneNode
{
#if ACTOR_ENGINE_AKKA
    public const string Config = """
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.cluster.min-nr-of-members = 1
        akka.cluster.sharding.state-store-mode = ddata
        akka.cluster.sharding.distributed-data.durable.keys = []
        akka.cluster.sharding.buffer-size = 10
        """;

    public static void Join(ActorSystem system)
    {
        var cluster = Cluster.Get(system);
        cluster.Join(cluster.SelfAddress);
        Assert.True(SpinWait.SpinUntil(() => cluster.IsUp, TimeSpan.FromSeconds(20)));
    }
#else
    public const string Config = "akka.cluster.sharding.buffer-size = 10";

    public static void Join(ActorSystem system) => Assert.False(system.WhenTerminated.IsCompleted);
#endif
}
