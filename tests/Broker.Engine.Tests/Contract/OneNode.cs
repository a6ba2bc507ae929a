namespace Broker.Engine.Tests.Contract;

/// <summary>A node that shards: a cluster of one. Akka.NET wants the settings, the built-in engine passes over them.</summary>
internal static class OneNode
{
    public const string Config = """
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.cluster.min-nr-of-members = 1
        akka.cluster.sharding {
          state-store-mode = ddata
          distributed-data.durable.keys = []
          buffer-size = 10
        }
        """;

    public static void Join(ActorSystem system)
    {
        using var isUp = new ManualResetEventSlim();
        var cluster = Cluster.Get(system);
        cluster.RegisterOnMemberUp(isUp.Set);
        cluster.Join(cluster.SelfAddress);
        Assert.True(isUp.Wait(TimeSpan.FromSeconds(20)));
    }
}
