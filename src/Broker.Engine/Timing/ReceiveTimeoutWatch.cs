namespace Broker.Engine;

/// <summary>
/// Waits for an actor to be silent for long enough. A message only notes the time; the alarm, when it rings, sees how much of
/// the time is left.
/// </summary>
internal sealed class ReceiveTimeoutWatch : IAutoReceived, IDeadLetterSuppression, INotInfluenceReceiveTimeout
{
    private readonly ActorCell _cell;
    private long _lastHeard;
    private TellAlarm _alarm;

    public ReceiveTimeoutWatch(ActorCell cell, TimeSpan timeout)
    {
        _cell = cell;
        Timeout = timeout;
        _lastHeard = Environment.TickCount64;
        _alarm = Ring(timeout);
    }

    public TimeSpan Timeout { get; }

    public void Restart() => _lastHeard = Environment.TickCount64;

    public void Cancel() => _alarm.Cancel();

    /// <summary>The alarm has rung. Sets it anew, for what is left or for the next silence.</summary>
    /// <returns>Whether the actor has been silent for the whole time.</returns>
    public bool HasElapsed()
    {
        var left = Timeout - TimeSpan.FromMilliseconds(Environment.TickCount64 - _lastHeard);
        if (left > TimeSpan.Zero)
        {
            _alarm = Ring(left);
            return false;
        }

        Restart();
        _alarm = Ring(Timeout);
        return true;
    }

    private TellAlarm Ring(TimeSpan delay)
    {
        var alarm = new TellAlarm(_cell.Self, this, ActorRefs.NoSender, cancelable: null, period: null);
        _cell.System.Wheel.Start(alarm, delay);
        return alarm;
    }
}
