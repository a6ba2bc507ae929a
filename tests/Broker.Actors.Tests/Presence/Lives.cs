namespace Broker.Testing.Membership;

/// <summary>Ends a node as the others see it. Not in the tests' own namespace: there a cluster is something else.</summary>
internal static class Lives
{
    /// <summary>For the others it is dead from now on, whatever it thinks itself.</summary>
    public static void SendAway(ActorSystem node, ActorSystem by) => Cluster.Get(by).Down(Cluster.Get(node).SelfAddress);
}
