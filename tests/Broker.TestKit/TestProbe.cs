using Broker.Engine;

namespace Broker.Testing;

/// <summary>An actor of a test's own, which keeps what it is told; may be given away as a reference.</summary>
public class TestProbe : TestKitBase, IActorRef, IInternalActorRef
{
    internal TestProbe(ActorSystem system, string? name)
        : base(system, name is null ? null : $"{name}-{TestMailbox.NextNumber()}")
    {
    }

    /// <summary>The probe's actor.</summary>
    public IActorRef Ref => TestActor;

    /// <summary>The sender of the message last received.</summary>
    public IActorRef Sender => LastSender;

    ActorPath IActorRef.Path => TestActor.Path;

    LocalActorSystem IInternalActorRef.System => (LocalActorSystem)Sys;

    IInternalActorRef? IInternalActorRef.Parent => Inner.Parent;

    bool IInternalActorRef.IsTerminated => Inner.IsTerminated;

    private IInternalActorRef Inner => (IInternalActorRef)TestActor;

    /// <summary>Sends a message in the probe's name.</summary>
    public void Send(IActorRef actor, object message)
    {
        ArgumentNullException.ThrowIfNull(actor);
        actor.Tell(message, TestActor);
    }

    /// <summary>Answers the message last received.</summary>
    public void Reply(object message) => Sender.Tell(message, TestActor);

    /// <summary>Sends a message on in the name of the sender of the one last received.</summary>
    public void Forward(IActorRef actor, object message)
    {
        ArgumentNullException.ThrowIfNull(actor);
        actor.Tell(message, Sender);
    }

    void ICanTell.Tell(object message, IActorRef? sender) => TestActor.Tell(message, sender);

    void IInternalActorRef.SendSystemMessage(SystemMessage message) => Inner.SendSystemMessage(message);

    bool IEquatable<IActorRef>.Equals(IActorRef? other) => TestActor.Equals((other as TestProbe)?.TestActor ?? other);

    int IComparable<IActorRef>.CompareTo(IActorRef? other) => TestActor.CompareTo(other);

    int IComparable.CompareTo(object? obj) => TestActor.CompareTo(obj as IActorRef);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IActorRef other && ((IActorRef)this).Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => TestActor.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => TestActor.ToString()!;
}
