namespace Broker.Engine;

/// <summary>Deals with the child that failed and leaves the others alone.</summary>
public class OneForOneStrategy : SupervisorStrategy
{
    /// <summary>Without a limit of restarts.</summary>
    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, Engine.Decider.From(localOnlyDecider))
    {
    }

    /// <summary>Without a limit of restarts.</summary>
    public OneForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    /// <summary>With at most so many restarts of a child, within a time if one is given.</summary>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries, withinTimeRange, Engine.Decider.From(localOnlyDecider))
    {
    }

    /// <summary>With at most so many restarts of a child, within a time if one is given.</summary>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, withinTimeRange is { } time ? (int)time.TotalMilliseconds : -1, decider)
    {
    }

    /// <summary>With at most so many restarts of a child (-1: any number) within so many milliseconds (-1: ever).</summary>
    public OneForOneStrategy(
        int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, Engine.Decider.From(localOnlyDecider), loggingEnabled)
    {
    }

    /// <summary>With at most so many restarts of a child (-1: any number) within so many milliseconds (-1: ever).</summary>
    public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
    {
        ArgumentNullException.ThrowIfNull(decider);
        MaxNumberOfRetries = maxNrOfRetries;
        WithinTimeRangeMilliseconds = withinTimeMilliseconds;
        Decider = decider;
        LoggingEnabled = loggingEnabled;
    }

    /// <inheritdoc/>
    public override IDecider Decider { get; }

    /// <summary>How many restarts of one child are granted; -1: any number.</summary>
    public int MaxNumberOfRetries { get; }

    /// <summary>Within how many milliseconds they are counted; -1: ever.</summary>
    public int WithinTimeRangeMilliseconds { get; }

    internal override Directive Decide(Exception cause, IActorRef child, RestartCount restarts)
    {
        var directive = Decider.Decide(cause);
        return directive != Directive.Restart
            || restarts.MayRestart(MaxNumberOfRetries, WithinTimeRangeMilliseconds, Environment.TickCount64)
                ? directive
                : Directive.Stop;
    }
}
