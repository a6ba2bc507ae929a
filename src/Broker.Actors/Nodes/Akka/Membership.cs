using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Nodes;

/// <summary>This node's place in the cluster, on Akka.NET: what its gossip says.</summary>
internal sealed class Membership
{
    private readonly Cluster _cluster;

    private Membership(Cluster cluster) => _cluster = cluster;

    /// <summary>The node is a member as far as it knows. One that is cut off from the others learns only from the split brain resolver that it is none any more.</summary>
    public bool IsHeld => !_cluster.IsTerminated && _cluster.SelfMember.Status is MemberStatus.Up or MemberStatus.WeaklyUp or MemberStatus.Leaving or MemberStatus.Exiting;

    /// <summary>
    /// Joins the nodes that meet under the cluster's name, or the configured seed nodes. While that cannot be done, the node starts without: it is a member as soon as it can be one.
    /// </summary>
    /// <exception cref="BrokerStartException">The members differ in what all must have in common.</exception>
    public static async Task<Membership> JoinAsync(ActorSystem system, RedisBus bus, BrokerSettings settings, ILogger log)
    {
        var cluster = Cluster.Get(system);
        var (joined, ends) = settings.Cluster.Seeds.Count > 0 ? JoinSeeds(cluster, settings) : JoinThroughRedis(system, cluster, bus, settings, log);

        var first = await Task.WhenAny(joined, ends, Task.Delay(settings.JoinPatience));
        if (first == ends) await ends;
        if (first != joined) log.LogWarning("This node is no member of the cluster yet. It goes on trying");

        _ = EndWithAsync(ends, system, log);
        return new Membership(cluster);
    }

    /// <summary>The operator knows who is there: nobody is asked, and what the nodes must have in common is not compared.</summary>
    private static (Task Joined, Task Ends) JoinSeeds(Cluster cluster, BrokerSettings settings)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(() => up.TrySetResult());
        cluster.JoinSeedNodes(settings.Cluster.Seeds.Select(seed => new Address(cluster.SelfAddress.Protocol, cluster.SelfAddress.System, seed.Host, seed.Port)));
        return (up.Task, new TaskCompletionSource().Task);
    }

    private static (Task Joined, Task Ends) JoinThroughRedis(ActorSystem system, Cluster cluster, RedisBus bus, BrokerSettings settings, ILogger log)
    {
        var bootstrap = new Bootstrap(cluster, bus.RunScriptAsync, settings.Cluster.Name, ClusterTerms.Of(settings), settings.Cluster.Lease, log);
        var stop = new CancellationTokenSource();
        var runs = bootstrap.RunAsync(stop.Token);
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeClusterShutdown, "leave-seeds", async () =>
        {
            await stop.CancelAsync();
            await Task.WhenAny(runs);
            return Done.Instance;
        });
        cluster.RegisterOnMemberRemoved(stop.Cancel);
        return (bootstrap.Joined, runs);
    }

    private static async Task EndWithAsync(Task ends, ActorSystem system, ILogger log)
    {
        try
        {
            await ends;
        }
        catch (BrokerStartException reason)
        {
            log.LogCritical("{Reason}", reason.Message);
            await system.Terminate();
        }
    }
}
