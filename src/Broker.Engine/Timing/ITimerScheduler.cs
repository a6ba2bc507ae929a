namespace Broker.Engine;

/// <summary>An actor with timers: the engine sets <see cref="Timers"/> after the constructor, before PreStart.</summary>
public interface IWithTimers
{
    /// <summary>The actor's timers.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>
/// The timers of one actor, named by keys. They end with the actor and with its restart. A timer that was cancelled or set
/// anew never arrives, not even if its message was in the mailbox already.
/// </summary>
public interface ITimerScheduler
{
    /// <summary>Tells the actor a message once. A timer of the same key ends.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    /// <summary>Tells the actor a message again and again. A timer of the same key ends.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    /// <summary>Tells the actor a message again and again. A timer of the same key ends.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    /// <summary>Whether a timer of that key is running.</summary>
    bool IsTimerActive(object key);

    /// <summary>Ends the timer of that key, if there is one.</summary>
    void Cancel(object key);

    /// <summary>Ends all timers.</summary>
    void CancelAll();
}
