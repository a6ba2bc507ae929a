namespace Broker.Engine;

/// <summary>The nodes that work together. A system that has joined nobody but itself is a cluster of one.</summary>
public class Cluster : IExtension
{
    private readonly LocalActorSystem _system;

    internal Cluster(LocalActorSystem system) => _system = system;

    /// <summary>Where this node is.</summary>
    public Address SelfAddress => _system.Address;

    /// <summary>The system's cluster.</summary>
    public static Cluster Get(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return (Cluster)system.RegisterExtension(Id.Instance);
    }

    /// <summary>Joins the node at an address.</summary>
    /// <exception cref="NotSupportedException">It is not this node itself.</exception>
    public void Join(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.Equals(SelfAddress)) throw new NotSupportedException("This engine runs one node: it can only join itself.");
    }

    /// <summary>Runs the callback once this node is a member: a node alone is one at once.</summary>
    public void RegisterOnMemberUp(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        callback();
    }

    private sealed class Id : ExtensionIdProvider<Cluster>
    {
        public static readonly Id Instance = new();

        public override Cluster CreateExtension(ExtendedActorSystem system) => new((LocalActorSystem)system);
    }
}
