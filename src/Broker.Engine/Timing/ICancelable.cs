namespace Broker.Engine;

/// <summary>Something that will happen, unless it is cancelled.</summary>
public interface ICancelable
{
    /// <summary>Whether it was.</summary>
    bool IsCancellationRequested { get; }

    /// <summary>It will not happen any more.</summary>
    void Cancel();
}
