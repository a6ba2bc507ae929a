namespace Broker.Engine;

/// <summary>One entry of the <see cref="TimerWheel"/>: what happens, and when.</summary>
internal abstract class Alarm(TimeSpan? period) : ICancelable
{
    /// <summary>Null while it is in no wheel.</summary>
    internal TimerWheel? Wheel;

    internal long DueTick;
    internal Alarm? Before;
    internal Alarm? After;

    private volatile bool _isCancelled;

    /// <summary>Null for an alarm that rings once.</summary>
    public TimeSpan? Period => period;

    public virtual bool IsCancellationRequested => _isCancelled;

    public void Cancel()
    {
        _isCancelled = true;
        Wheel?.Remove(this);
    }

    /// <summary>Called on a thread of the pool.</summary>
    public abstract void Ring();
}

/// <summary>Tells a message.</summary>
internal sealed class TellAlarm(ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable, TimeSpan? period)
    : Alarm(period)
{
    public override bool IsCancellationRequested => base.IsCancellationRequested || cancelable is { IsCancellationRequested: true };

    public override void Ring() => receiver.Tell(message, sender);
}
