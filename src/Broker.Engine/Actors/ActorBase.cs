namespace Broker.Engine;

/// <summary>Handles one message; <c>false</c> means that the message is not one of its own.</summary>
public delegate bool Receive(object message);

/// <summary>Handles one message, whatever it is.</summary>
public delegate void UntypedReceive(object message);

/// <summary>
/// What every actor is: a piece of state that one message at a time may touch. The engine creates actors (<see cref="Props"/>);
/// others hold an <see cref="IActorRef"/>.
/// </summary>
public abstract class ActorBase
{
    private readonly ActorCell _cell;

    /// <exception cref="ActorInitializationException">The actor was made with <c>new</c>, outside the engine.</exception>
    protected ActorBase()
    {
        var cell = ActorCell.Current;
        if (cell is not { IsCreating: true })
        {
            throw new ActorInitializationException(
                $"An actor of type {GetType()} cannot be made with new: give Props to ActorOf.");
        }

        _cell = cell;
    }

    /// <summary>This actor's reference. Unlike <see cref="Context"/> it may be used anywhere.</summary>
    protected IActorRef Self => _cell.Self;

    /// <summary>The sender of the message being handled, dead letters if it has none.</summary>
    protected IActorRef Sender => _cell.Sender;

    /// <summary>The running actor's surroundings.</summary>
    /// <exception cref="NotSupportedException">Read outside an actor, for example after an await.</exception>
    protected static IActorContext Context => ActorCell.Current
        ?? throw new NotSupportedException(
            "There is no active ActorContext here, most likely because of an await or a callback outside the actor.");

    internal ActorCell Cell => _cell;

    /// <summary>Handles one message.</summary>
    /// <returns><c>false</c> if the message is not one of this actor's.</returns>
    protected abstract bool Receive(object message);

    /// <summary>Called before the first message. Called again by <see cref="PostRestart"/>.</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>Called when the actor has stopped and its children have; it gets no message any more.</summary>
    protected virtual void PostStop()
    {
    }

    /// <summary>Called on the failed instance before a restart: stops all children, then <see cref="PostStop"/>.</summary>
    /// <param name="reason">What the actor failed with.</param>
    /// <param name="message">The message that it failed on, if there was one.</param>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (var child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>Called on the new instance after a restart: <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>How this actor deals with failures of its children, unless its Props say otherwise.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() => Engine.SupervisorStrategy.DefaultStrategy;

    /// <summary>
    /// Called for a message that nobody handled: publishes <see cref="UnhandledMessage"/>.
    /// </summary>
    /// <exception cref="DeathPactException">The message is a <see cref="Terminated"/>.</exception>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
        {
            throw new DeathPactException(terminated.ActorRef);
        }

        _cell.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    /// <summary>Replaces how messages are handled until the next <c>Become</c> or a restart.</summary>
    protected void Become(Receive receive) => Context.Become(receive);

    /// <summary>Like <see cref="Become"/>, to be undone by <see cref="UnbecomeStacked"/>.</summary>
    protected void BecomeStacked(Receive receive) => Context.BecomeStacked(receive);

    /// <summary>Goes back to what was before the last <see cref="BecomeStacked"/>.</summary>
    protected void UnbecomeStacked() => Context.UnbecomeStacked();

    /// <summary>Asks for a <see cref="ReceiveTimeout"/> after that long without a message; null ends it.</summary>
    protected void SetReceiveTimeout(TimeSpan? timeout) => Context.SetReceiveTimeout(timeout);

    internal void Handle(object message, Receive? behavior)
    {
        var handled = behavior is null ? Receive(message) : behavior(message);
        if (!handled)
        {
            Unhandled(message);
        }
    }

    /// <summary>Called once, after the constructor.</summary>
    internal virtual void Constructed()
    {
    }

    internal void Started() => PreStart();

    internal void Stopped() => PostStop();

    internal void Restarting(Exception reason, object? message) => PreRestart(reason, message);

    internal void Restarted(Exception reason) => PostRestart(reason);

    internal SupervisorStrategy OwnStrategy() => SupervisorStrategy();
}
