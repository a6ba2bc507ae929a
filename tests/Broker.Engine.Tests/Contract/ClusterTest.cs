namespace Broker.Engine.Tests.Contract;

/// <summary>
/// Several nodes in one process, with the common API alone. On the built-in engine the first one's cluster is found by its address within the
/// process; on Akka.NET by the network.
/// </summary>
public abstract class ClusterTest : IDisposable
{
    /// <summary>Enough for Akka.NET's failure detector; a test that passes does not wait for it.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    // The lease is the built-in engine's; Akka.NET passes over it, and the built-in engine over what is only Akka.NET's.
    private const string Settings = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = cluster
          remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
          cluster {
            lease = 1s
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            split-brain-resolver.stable-after = 1s
            sharding {
              state-store-mode = ddata
              distributed-data.durable.keys = []
              rebalance-interval = 1s
              least-shard-allocation-strategy { rebalance-absolute-limit = 100, rebalance-relative-limit = 0.2 }
            }
          }
        }
        """;

    private readonly List<ActorSystem> _systems = [];

    private protected ActorSystem First => _systems[0];

    public void Dispose()
    {
        foreach (var system in _systems)
        {
            system.Terminate();
        }

        foreach (var system in _systems)
        {
            system.WhenTerminated.Wait(Patience);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Starts a system that has joined nobody yet.</summary>
    protected ActorSystem StartAlone(string more = "")
    {
        var config = ConfigurationFactory.ParseString(more).WithFallback(ConfigurationFactory.ParseString(Settings));
        var system = ActorSystem.Create("cluster-test", config);
        _systems.Add(system);
        return system;
    }

    /// <summary>Starts a system and has it join the first; comes back when it is up.</summary>
    protected async Task<ActorSystem> StartAsync(string more = "")
    {
        var system = StartAlone(more);
        await Cluster.Get(system).JoinAsync(Cluster.Get(First).SelfAddress).WaitAsync(Patience);
        return system;
    }

    /// <summary>Starts several systems that are one cluster.</summary>
    protected async Task<ActorSystem[]> StartManyAsync(int count, string more = "")
    {
        var systems = Enumerable.Range(0, count).Select(_ => StartAlone(more)).ToArray();
        foreach (var system in systems)
        {
            await Cluster.Get(system).JoinAsync(Cluster.Get(First).SelfAddress).WaitAsync(Patience);
        }

        foreach (var system in systems)
        {
            await EventuallyAsync(() => Cluster.Get(system).State.Members.Count(member => member.Status == MemberStatus.Up) == count, "all see all up");
        }

        return systems;
    }

    /// <summary>An actor of one system as another names it.</summary>
    protected static Task<IActorRef> SeenFromAsync(ActorSystem other, IActorRef actor, ActorSystem home) => other
        .ActorSelection(actor.Path.ToStringWithAddress(Cluster.Get(home).SelfAddress))
        .ResolveOne(Patience);

    /// <summary>Waits until something is so.</summary>
    protected static async Task EventuallyAsync(Func<bool> isSo, string what)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, $"Not in time: {what}");
            await Task.Delay(20);
        }
    }

    /// <summary>Waits until something is so.</summary>
    protected static async Task EventuallyAsync(Func<Task<bool>> isSo, string what)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, $"Not in time: {what}");
            await Task.Delay(20);
        }
    }

    /// <summary>A system's own test actor.</summary>
    protected static TestKit KitOf(ActorSystem system) => new(system);
}
