namespace Broker.Engine;

/// <summary>Makes and finds actors.</summary>
public interface IActorRefFactory
{
    /// <summary>Makes an actor below this one.</summary>
    /// <param name="props">How to make it.</param>
    /// <param name="name">Unique among its siblings; a name starting with <c>$</c> is given if there is none.</param>
    /// <exception cref="InvalidActorNameException">The name is taken or not a valid path element.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    /// <summary>The actors at a path, absolute or relative to this one.</summary>
    ActorSelection ActorSelection(string actorPath);

    /// <summary>The actor at a path.</summary>
    ActorSelection ActorSelection(ActorPath actorPath);
}

/// <summary>Watches actors die.</summary>
public interface ICanWatch
{
    /// <summary>Asks for a <see cref="Terminated"/> when the actor has stopped; at once if it has already.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary>Asks for <paramref name="message"/> when the actor has stopped; at once if it has already.</summary>
    IActorRef WatchWith(IActorRef subject, object message);

    /// <summary>Takes the watch back; nothing arrives any more, not even what was on its way.</summary>
    IActorRef Unwatch(IActorRef subject);
}

/// <summary>What an actor sees of the engine while it handles a message.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    /// <summary>The system that the actor lives in.</summary>
    ActorSystem System { get; }

    /// <summary>The actor itself.</summary>
    IActorRef Self { get; }

    /// <summary>The sender of the message being handled, dead letters if it has none.</summary>
    IActorRef Sender { get; }

    /// <summary>The supervisor.</summary>
    IActorRef Parent { get; }

    /// <summary>How the actor was made.</summary>
    Props Props { get; }

    /// <summary>See <see cref="SetReceiveTimeout"/>.</summary>
    TimeSpan? ReceiveTimeout { get; }

    /// <summary>The child of that name, <see cref="ActorRefs.Nobody"/> if there is none.</summary>
    IActorRef Child(string name);

    /// <summary>The children, those that are stopping included.</summary>
    IEnumerable<IActorRef> GetChildren();

    /// <summary>Replaces how messages are handled until the next <c>Become</c> or a restart.</summary>
    void Become(Receive receive);

    /// <summary>Like <see cref="Become"/>, to be undone by <see cref="UnbecomeStacked"/>.</summary>
    void BecomeStacked(Receive receive);

    /// <summary>Goes back to what was before the last <see cref="BecomeStacked"/>.</summary>
    void UnbecomeStacked();

    /// <summary>Asks for a <see cref="Engine.ReceiveTimeout"/> after that long without a message; null ends it.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>Stops a child, or the actor itself, after the message that it is handling.</summary>
    void Stop(IActorRef child);
}
