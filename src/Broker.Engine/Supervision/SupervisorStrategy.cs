namespace Broker.Engine;

/// <summary>How an actor deals with failures of its children.</summary>
public abstract class SupervisorStrategy
{
    /// <summary>
    /// Stops a child that could not be made, was killed, or did not handle a <see cref="Terminated"/>; restarts it after anything else.
    /// </summary>
    public static readonly IDecider DefaultDecider = Engine.Decider.From(cause =>
        cause is ActorInitializationException or ActorKilledException or DeathPactException ? Directive.Stop : Directive.Restart);

    /// <summary><see cref="DefaultDecider"/>, as often as it takes.</summary>
    public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecider);

    /// <summary>Stops whatever fails.</summary>
    public static readonly OneForOneStrategy StoppingStrategy = new(_ => Directive.Stop);

    private protected SupervisorStrategy()
    {
    }

    /// <summary>Decides by the exception.</summary>
    public abstract IDecider Decider { get; }

    /// <summary>Whether failures are logged here, once, with path and exception.</summary>
    protected bool LoggingEnabled { get; private protected init; } = true;

    /// <summary>What is done about the child; a restart beyond the limit is a stop.</summary>
    internal abstract Directive Decide(Exception cause, IActorRef child, RestartCount restarts);

    internal void Log(Log log, IActorRef child, Exception cause, Directive directive)
    {
        if (!LoggingEnabled || directive == Directive.Escalate)
        {
            return;
        }

        var reason = cause is ActorInitializationException { InnerException: { } inner } ? inner : cause;
        if (directive == Directive.Resume)
        {
            log.Warning($"{child} failed and goes on", reason);
        }
        else
        {
            log.Error($"{child} failed: {directive}", reason);
        }
    }
}
