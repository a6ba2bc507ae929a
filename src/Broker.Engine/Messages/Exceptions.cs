namespace Broker.Engine;

/// <summary>An error of the engine.</summary>
public abstract class AkkaException : Exception
{
    private protected AkkaException(string? message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>An actor could not be made or started.</summary>
public class ActorInitializationException : AkkaException
{
    internal ActorInitializationException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }

    internal ActorInitializationException(IActorRef actor, string message, Exception? cause = null)
        : base($"{actor}: {message}", cause) => Actor = actor;

    /// <summary>The actor that could not be made.</summary>
    public IActorRef? Actor { get; }
}

/// <summary>A name that is taken, or that no actor may have.</summary>
public class InvalidActorNameException : AkkaException
{
    internal InvalidActorNameException(string message)
        : base(message)
    {
    }
}

/// <summary>A message that cannot be sent: null.</summary>
public class InvalidMessageException : AkkaException
{
    internal InvalidMessageException(string message)
        : base(message)
    {
    }
}

/// <summary>An actor watched another and had no handler for its <see cref="Terminated"/>.</summary>
public class DeathPactException : AkkaException
{
    /// <summary>Says whose death was not handled.</summary>
    public DeathPactException(IActorRef deadActor)
        : base($"Monitored actor [{deadActor}] terminated") => DeadActor = deadActor;

    /// <summary>The actor that has stopped.</summary>
    public IActorRef DeadActor { get; }
}

/// <summary>An Ask got no answer in time.</summary>
public class AskTimeoutException : AkkaException
{
    /// <summary>No answer in time.</summary>
    public AskTimeoutException(string message)
        : base(message)
    {
    }
}

/// <summary>An actor was sent <see cref="Kill"/>.</summary>
internal sealed class ActorKilledException() : AkkaException("Kill");

/// <summary>An actor's new instance could not be made, or failed in PostRestart.</summary>
internal sealed class PostRestartException(IActorRef actor, Exception cause)
    : ActorInitializationException(actor, "Exception after restart", cause);

/// <summary>There is no actor at that path.</summary>
internal sealed class ActorNotFoundException(string message, Exception? cause = null) : AkkaException(message, cause);

/// <summary>A setting is missing or wrong.</summary>
internal sealed class ConfigurationException(string message, Exception? cause = null) : AkkaException(message, cause);
