namespace Broker.Engine;

/// <summary>A message that the engine itself acts on before, or instead of, the actor.</summary>
internal interface IAutoReceived;

/// <summary>A message whose loss is nothing to report.</summary>
internal interface IDeadLetterSuppression;

/// <summary>A message that does not count as life for <see cref="ReceiveTimeout"/>.</summary>
internal interface INotInfluenceReceiveTimeout;

/// <summary>An actor that was watched has stopped.</summary>
public sealed class Terminated : IAutoReceived, IDeadLetterSuppression, IEquatable<Terminated>
{
    /// <summary>Says that an actor has stopped.</summary>
    public Terminated(IActorRef actorRef, bool existenceConfirmed, bool addressTerminated)
    {
        ActorRef = actorRef;
        ExistenceConfirmed = existenceConfirmed;
        AddressTerminated = addressTerminated;
    }

    /// <summary>The actor that has stopped.</summary>
    public IActorRef ActorRef { get; }

    /// <summary>Whether the actor is known to have lived; false if it was dead when the watch reached it.</summary>
    public bool ExistenceConfirmed { get; }

    /// <summary>Whether its whole node is gone.</summary>
    public bool AddressTerminated { get; }

    /// <inheritdoc/>
    public bool Equals(Terminated? other) =>
        other is not null && ActorRef.Equals(other.ActorRef) && ExistenceConfirmed == other.ExistenceConfirmed
        && AddressTerminated == other.AddressTerminated;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Terminated);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ActorRef, ExistenceConfirmed, AddressTerminated);

    /// <inheritdoc/>
    public override string ToString() =>
        $"<Terminated>: {ActorRef} - ExistenceConfirmed={ExistenceConfirmed}";
}

/// <summary>Stops an actor when it comes to it: after the messages that were there before.</summary>
public sealed class PoisonPill : IAutoReceived, IDeadLetterSuppression
{
    private PoisonPill()
    {
    }

    /// <summary>The one pill.</summary>
    public static PoisonPill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<PoisonPill>";
}

/// <summary>Makes an actor fail; its supervisor stops it, unless it decides otherwise.</summary>
public sealed class Kill : IAutoReceived
{
    private Kill()
    {
    }

    /// <summary>The one of its kind.</summary>
    public static Kill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<Kill>";
}

/// <summary>Asks an actor for its reference; answered with <see cref="ActorIdentity"/>.</summary>
public sealed class Identify : IAutoReceived, INotInfluenceReceiveTimeout
{
    /// <summary>Asks an actor for its reference.</summary>
    public Identify(object messageId) => MessageId = messageId;

    /// <summary>Comes back in the answer.</summary>
    public object MessageId { get; }

    /// <inheritdoc/>
    public override string ToString() => $"<Identify>: {MessageId}";
}

/// <summary>The answer to <see cref="Identify"/>.</summary>
public sealed class ActorIdentity
{
    /// <summary>Answers an <see cref="Identify"/>.</summary>
    public ActorIdentity(object messageId, IActorRef? subject)
    {
        MessageId = messageId;
        Subject = subject;
    }

    /// <summary>What the question carried.</summary>
    public object MessageId { get; }

    /// <summary>The actor, null if there is none.</summary>
    public IActorRef? Subject { get; }

    /// <inheritdoc/>
    public override string ToString() => $"<ActorIdentity>: MessageId={MessageId}, Subject={Subject}";
}

/// <summary>An actor heard nothing for as long as it asked: <see cref="IActorContext.SetReceiveTimeout"/>.</summary>
public class ReceiveTimeout
{
    private ReceiveTimeout()
    {
    }

    /// <summary>The one of its kind.</summary>
    public static ReceiveTimeout Instance { get; } = new();
}
