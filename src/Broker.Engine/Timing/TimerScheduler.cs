namespace Broker.Engine;

/// <summary>The timers of one instance of an actor; used by its turns only.</summary>
internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private Dictionary<object, ActorTimer>? _timers;

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, period: null);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => Start(key, msg, interval, interval);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) =>
        Start(key, msg, initialDelay, interval);

    public bool IsTimerActive(object key) => _timers?.ContainsKey(key) == true;

    public void Cancel(object key)
    {
        if (_timers is not null && _timers.Remove(key, out var timer))
        {
            timer.Cancel();
        }
    }

    public void CancelAll()
    {
        foreach (var timer in _timers?.Values ?? Enumerable.Empty<ActorTimer>())
        {
            timer.Cancel();
        }

        _timers = null;
    }

    /// <summary>The timer's message has come out of the mailbox.</summary>
    /// <returns>Whether it still counts: not if its key was cancelled or set anew meanwhile.</returns>
    public bool Accept(ActorTimer timer)
    {
        if (_timers is null || !_timers.TryGetValue(timer.Key, out var current) || !ReferenceEquals(current, timer))
        {
            return false;
        }

        if (timer.Period is null)
        {
            _timers.Remove(timer.Key);
        }

        return true;
    }

    private void Start(object key, object msg, TimeSpan delay, TimeSpan? period)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(msg);
        Cancel(key);
        var timer = new ActorTimer(cell.Self, key, msg, period);
        (_timers ??= [])[key] = timer;
        cell.System.Wheel.Start(timer, delay);
    }
}

/// <summary>One timer; its own envelope in the mailbox.</summary>
internal sealed class ActorTimer(IActorRef actor, object key, object message, TimeSpan? period)
    : Alarm(period), IAutoReceived, IDeadLetterSuppression
{
    public object Key => key;

    public object Message => message;

    public override void Ring() => actor.Tell(this, ActorRefs.NoSender);
}
