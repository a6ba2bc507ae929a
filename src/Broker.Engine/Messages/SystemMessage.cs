namespace Broker.Engine;

/// <summary>
/// What actors and their supervisors say to each other: before all other messages, in order, one object for one receiver
/// because they are linked through themselves.
/// </summary>
internal abstract class SystemMessage
{
    public SystemMessage? Next;

    /// <summary>The end of a stopped actor's list.</summary>
    public static readonly SystemMessage Closed = new CloseMark();

    private sealed class CloseMark : SystemMessage;
}

/// <summary>To a new actor: make the instance.</summary>
internal sealed class Create : SystemMessage;

/// <summary>To a failed child, or to a child of one that restarts: make a new instance.</summary>
internal sealed class Recreate(Exception cause) : SystemMessage
{
    public Exception Cause => cause;
}

/// <summary>To the children of one that failed: handle nothing until told.</summary>
internal sealed class Suspend : SystemMessage;

/// <summary>Takes one <see cref="Suspend"/>, or the actor's own failure, back.</summary>
internal sealed class Resume(Exception? causedByFailure) : SystemMessage
{
    public Exception? CausedByFailure => causedByFailure;
}

/// <summary>Stop.</summary>
internal sealed class Terminate : SystemMessage;

/// <summary>To the supervisor: the child failed and waits.</summary>
internal sealed class Failed(IInternalActorRef child, Exception cause) : SystemMessage
{
    public IInternalActorRef Child => child;

    public Exception Cause => cause;
}

/// <summary>To an actor: tell the watcher when it stops.</summary>
internal sealed class Watch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
{
    public IInternalActorRef Watchee => watchee;

    public IInternalActorRef Watcher => watcher;
}

/// <summary>Takes a <see cref="Watch"/> back.</summary>
internal sealed class Unwatch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
{
    public IInternalActorRef Watchee => watchee;

    public IInternalActorRef Watcher => watcher;
}

/// <summary>To the supervisor and to watchers: the actor has stopped.</summary>
internal sealed class DeathWatchNotification(IInternalActorRef actor, bool existenceConfirmed, bool addressTerminated) : SystemMessage
{
    public IInternalActorRef Actor => actor;

    public bool ExistenceConfirmed => existenceConfirmed;

    public bool AddressTerminated => addressTerminated;
}
