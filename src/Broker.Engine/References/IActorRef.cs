namespace Broker.Engine;

/// <summary>Takes messages.</summary>
public interface ICanTell
{
    /// <summary>Sends a message; returns at once, arrives at most once, after what the same thread of control sent before.</summary>
    /// <param name="message">Not null.</param>
    /// <param name="sender">Whom an answer goes to.</param>
    void Tell(object message, IActorRef? sender);
}

/// <summary>The handle of an actor, here or elsewhere. Stays valid when the actor stops: messages then go to dead letters.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, IComparable
{
    /// <summary>Where the actor is.</summary>
    ActorPath Path { get; }
}

/// <summary>References that stand for nobody.</summary>
public static class ActorRefs
{
    /// <summary>No sender.</summary>
    public static readonly IActorRef? NoSender;

    /// <summary>An actor that does not exist.</summary>
    public static readonly Nobody Nobody = Nobody.Instance;
}

/// <summary>Telling in the name of the running actor.</summary>
public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Sends a message with the running actor, if there is one, as its sender.</summary>
    public static void Tell(this IActorRef receiver, object message)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        receiver.Tell(message, ActorCell.CurrentSelf);
    }

    /// <summary>Sends a message on in the name of its sender.</summary>
    public static void Forward(this IActorRef receiver, object message)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        receiver.Tell(message, ActorCell.Current?.Sender);
    }
}

/// <summary>What the engine asks of a reference. A reference to an actor on another node will be one more of these.</summary>
internal interface IInternalActorRef : IActorRef
{
    LocalActorSystem System { get; }

    IInternalActorRef? Parent { get; }

    bool IsTerminated { get; }

    void SendSystemMessage(SystemMessage message);
}

/// <summary>The members that are the same for every reference.</summary>
internal abstract class ActorRefBase : IInternalActorRef
{
    public abstract ActorPath Path { get; }

    public abstract LocalActorSystem System { get; }

    public virtual IInternalActorRef? Parent => null;

    public virtual bool IsTerminated => false;

    public abstract void Tell(object message, IActorRef? sender);

    public virtual void SendSystemMessage(SystemMessage message)
    {
        if (message is Watch watch)
        {
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false, addressTerminated: false));
        }
    }

    public virtual bool Equals(IActorRef? other) =>
        ReferenceEquals(this, other) || (other is not null && Path.Uid == other.Path.Uid && Path.Equals(other.Path));

    public int CompareTo(IActorRef? other)
    {
        var byPath = Path.CompareTo(other?.Path);
        return byPath != 0 || other is null ? byPath : Path.Uid.CompareTo(other.Path.Uid);
    }

    public int CompareTo(object? obj) => CompareTo((IActorRef?)obj);

    public sealed override bool Equals(object? obj) => Equals(obj as IActorRef);

    public override int GetHashCode() => Path.GetHashCode();

    public override string ToString() => Path.Uid == 0 ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";

    protected static void ThrowIfNull(object message)
    {
        if (message is null)
        {
            throw new InvalidMessageException("Message is null.");
        }
    }
}

/// <summary>An actor that does not exist; takes messages and forgets them.</summary>
public sealed class Nobody : IActorRef
{
    /// <summary>The one of its kind.</summary>
    public static readonly Nobody Instance = new();

    private static readonly ActorPath NobodyPath = new ChildActorPath(new RootActorPath(new Address("akka", "all-systems")), "Nobody", 0);

    private Nobody()
    {
    }

    /// <summary>Nowhere.</summary>
    public ActorPath Path => NobodyPath;

    void ICanTell.Tell(object message, IActorRef? sender)
    {
    }

    bool IEquatable<IActorRef>.Equals(IActorRef? other) => ReferenceEquals(this, other);

    int IComparable<IActorRef>.CompareTo(IActorRef? other) => Path.CompareTo(other?.Path);

    int IComparable.CompareTo(object? obj) => Path.CompareTo((obj as IActorRef)?.Path);

    /// <inheritdoc/>
    public override string ToString() => "[Nobody]";
}
