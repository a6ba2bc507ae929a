namespace Broker.Engine;

/// <summary>Tells messages later. Exact to about ten milliseconds, never early.</summary>
public interface ITellScheduler
{
    /// <summary>Tells a message once.</summary>
    void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender);

    /// <summary>Tells a message once, unless cancelled.</summary>
    void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable);

    /// <summary>Tells a message again and again.</summary>
    void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender);

    /// <summary>Tells a message again and again, until cancelled.</summary>
    void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable);
}

/// <summary>The clock of a system.</summary>
public interface IScheduler : ITellScheduler;

/// <summary>Scheduling with the means to cancel.</summary>
public static class SchedulerExtensions
{
    /// <summary>Tells a message once, unless cancelled.</summary>
    public static ICancelable ScheduleTellOnceCancelable(
        this IScheduler scheduler, TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        Wheel(scheduler).Start(new TellAlarm(receiver, message, sender, null, period: null), delay);

    /// <summary>Tells a message again and again, until cancelled.</summary>
    public static ICancelable ScheduleTellRepeatedlyCancelable(
        this IScheduler scheduler, TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender) =>
        Wheel(scheduler).Start(new TellAlarm(receiver, message, sender, null, interval), initialDelay);

    private static TimerWheel Wheel(IScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        return (TimerWheel)scheduler;
    }
}
