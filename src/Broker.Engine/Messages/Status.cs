namespace Broker.Engine;

/// <summary>How something went, as a message.</summary>
public abstract class Status
{
    private protected Status()
    {
    }

    /// <summary>It failed. An Ask that gets this throws <see cref="Cause"/>.</summary>
    public sealed class Failure : Status
    {
        /// <summary>Why it failed.</summary>
        public readonly Exception Cause;

        /// <summary>It failed.</summary>
        public Failure(Exception cause) => Cause = cause;

        /// <inheritdoc/>
        public override string ToString() => $"Failure: {Cause}";
    }

    /// <summary>It went well.</summary>
    public sealed class Success : Status
    {
        /// <summary>What came out of it.</summary>
        public readonly object? Status;

        /// <summary>It went well.</summary>
        public Success(object? status) => Status = status;

        /// <inheritdoc/>
        public override string ToString() => $"Success: {Status}";
    }
}

/// <summary>The result of something that has none.</summary>
public sealed class Done
{
    /// <summary>The one of its kind.</summary>
    public static readonly Done Instance = new();

    private Done()
    {
    }
}
