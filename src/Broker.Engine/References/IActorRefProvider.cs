namespace Broker.Engine;

/// <summary>Finds references by their paths.</summary>
public interface IActorRefProvider
{
    /// <summary>Where other nodes find this system; without a cluster what its own paths begin with.</summary>
    Address DefaultAddress { get; }

    /// <summary>Takes messages and publishes them as dead letters.</summary>
    IActorRef DeadLetters { get; }

    /// <summary>The actor at a path, here or on another node.</summary>
    /// <returns>A reference in any case; messages to one that leads nowhere are dead letters.</returns>
    IActorRef ResolveActorRef(string path);

    /// <summary>The actor at a path, here or on another node.</summary>
    /// <returns>A reference in any case; messages to one that leads nowhere are dead letters.</returns>
    IActorRef ResolveActorRef(ActorPath actorPath);
}

/// <summary>Finds actors of this system in its tree, and makes references to others.</summary>
internal sealed class ActorRefProvider(LocalActorSystem system) : IActorRefProvider
{
    public Address DefaultAddress => system.Links?.Self.Address ?? system.Address;

    public IActorRef DeadLetters => system.DeadLetters;

    public IActorRef ResolveActorRef(string path) =>
        ActorPath.TryParse(path, out var parsed) ? ResolveActorRef(parsed!) : system.DeadLetters;

    public IActorRef ResolveActorRef(ActorPath actorPath)
    {
        ArgumentNullException.ThrowIfNull(actorPath);
        if (IsHere(actorPath.Address))
        {
            return FindHere(actorPath);
        }

        if (actorPath.Equals(Nobody.Instance.Path))
        {
            return Nobody.Instance;
        }

        return system.Links is { } links && actorPath.Address.Host is not null
            ? new RemoteActorRef(links, actorPath)
            : new DeadActorRef(system, actorPath);
    }

    public bool IsHere(Address address) => address.Equals(system.Address) || address.Equals(DefaultAddress);

    private IActorRef FindHere(ActorPath path)
    {
        if (path.Depth == 2 && path.Parent.Name == "temp" && system.Temporaries.TryGetValue(path.Name, out var temporary))
        {
            return temporary;
        }

        if (path.Depth == 1 && path.Name == "deadLetters")
        {
            return system.DeadLetters;
        }

        var actor = system.Root;
        foreach (var name in path.Elements)
        {
            if (actor.Cell?.FindChild(name) is not { } child)
            {
                return new DeadActorRef(system, path);
            }

            actor = child;
        }

        return path.Uid == 0 || path.Uid == actor.Uid ? actor : new DeadActorRef(system, path);
    }
}

/// <summary>A reference that leads to nobody: the actor has stopped, or its node speaks to no others.</summary>
internal sealed class DeadActorRef(LocalActorSystem system, ActorPath path) : ActorRefBase
{
    public override ActorPath Path => path;

    public override LocalActorSystem System => system;

    public override bool IsTerminated => true;

    public override void Tell(object message, IActorRef? sender)
    {
        ThrowIfNull(message);
        system.DeadLetterMailbox.Lost(message, sender, this);
    }
}
