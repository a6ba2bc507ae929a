namespace Broker.Engine;

/// <summary>What a supervisor does about a failed child.</summary>
public enum Directive
{
    /// <summary>It goes on as if nothing had happened, without the message that it failed on.</summary>
    Resume,

    /// <summary>It gets a new instance and keeps its mailbox, again without that message.</summary>
    Restart,

    /// <summary>The supervisor fails with it, and its own supervisor decides.</summary>
    Escalate,

    /// <summary>It stops.</summary>
    Stop,
}

/// <summary>Decides by the exception.</summary>
public interface IDecider
{
    /// <summary>What to do about a child that failed with <paramref name="cause"/>.</summary>
    Directive Decide(Exception cause);
}

/// <summary>Deciders out of functions.</summary>
public static class Decider
{
    /// <summary>Decides by a function.</summary>
    public static LocalOnlyDecider From(Func<Exception, Directive> localOnlyDecider) => new(localOnlyDecider);
}

/// <summary>Decides by a function.</summary>
public class LocalOnlyDecider : IDecider
{
    private readonly Func<Exception, Directive> _decider;

    /// <summary>Decides by a function.</summary>
    public LocalOnlyDecider(Func<Exception, Directive> decider)
    {
        ArgumentNullException.ThrowIfNull(decider);
        _decider = decider;
    }

    /// <inheritdoc/>
    public Directive Decide(Exception cause) => _decider(cause);
}
