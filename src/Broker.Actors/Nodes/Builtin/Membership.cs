using Broker.Actors.Nodes.Builtin;
using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Broker.Engine;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Nodes;

/// <summary>This node's place in the cluster, on the built-in engine: the lease that it holds in Redis.</summary>
internal sealed class Membership
{
    private readonly Cluster _cluster;

    private Membership(Cluster cluster) => _cluster = cluster;

    /// <summary>The node holds its lease at this moment. If not, others may own its channels by now.</summary>
    public bool IsHeld => _cluster.HoldsLease;

    /// <summary>
    /// Joins the nodes that meet under the cluster's name. While Redis does not answer, the node starts without: it is a member as soon as it can be one.
    /// </summary>
    /// <exception cref="BrokerStartException">The members differ in what all must have in common.</exception>
    public static async Task<Membership> JoinAsync(ActorSystem system, RedisBus bus, BrokerSettings settings, ILogger log)
    {
        var cluster = Cluster.Get(system);
        cluster.Use(new RedisCoordinator(bus.RunScriptAsync, settings.Cluster.Name), ClusterTerms.Of(settings));
        var joined = cluster.JoinAsync(cluster.SelfAddress);

        if (await Task.WhenAny(joined, Task.Delay(settings.JoinPatience)) == joined)
        {
            await SayWhyAsync(joined);
        }
        else
        {
            log.LogWarning("This node is no member of the cluster yet: Redis does not answer. It goes on trying");
            _ = EndIfRefusedAsync(joined, system, log);
        }

        return new Membership(cluster);
    }

    private static async Task SayWhyAsync(Task joined)
    {
        try
        {
            await joined;
        }
        catch (ClusterRefusedException refused)
        {
            throw new BrokerStartException(ClusterTerms.Refusal(refused.Message));
        }
    }

    private static async Task EndIfRefusedAsync(Task joined, ActorSystem system, ILogger log)
    {
        try
        {
            await SayWhyAsync(joined);
        }
        catch (Exception fault)
        {
            log.LogCritical("This node cannot become a member of the cluster, and ends: {Reason}", fault.Message);
            await system.Terminate();
        }
    }
}
