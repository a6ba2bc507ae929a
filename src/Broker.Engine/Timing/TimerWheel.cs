using System.Diagnostics;

namespace Broker.Engine;

/// <summary>
/// The clock of a system: a ring of slots of <see cref="TickMilliseconds"/> each, an alarm in the slot of its time. Starting and
/// cancelling take a constant time, whatever the number of alarms; when there are none, no clock runs.
/// </summary>
internal sealed class TimerWheel : IScheduler, IDisposable
{
    private const int TickMilliseconds = 10;
    private const int Slots = 1024;

    private readonly Lock _gate = new();
    private readonly Alarm?[] _slots = new Alarm?[Slots];
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Timer _clock;
    private readonly Action<Exception> _onError;
    private int _count;

    /// <summary>All alarms up to this tick have rung.</summary>
    private long _tick;

    /// <summary>When the clock is to wake up; <see cref="long.MaxValue"/> if it is off.</summary>
    private long _wakeTick = long.MaxValue;

    private bool _isDisposed;

    public TimerWheel(Action<Exception> onError)
    {
        _onError = onError;
        _clock = MakeClock(RingDue);
    }

    /// <summary>A timer, not yet started, that does not carry the context of whoever happens to make it.</summary>
    public static Timer MakeClock(Action action)
    {
        using (ExecutionContext.SuppressFlow())
        {
            return new Timer(static state => ((Action)state!)(), action, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellOnce(delay, receiver, message, sender, cancelable: null);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Start(new TellAlarm(receiver, message, sender, cancelable, period: null), delay);

    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, cancelable: null);

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Start(new TellAlarm(receiver, message, sender, cancelable, interval), initialDelay);

    /// <exception cref="ArgumentOutOfRangeException">The delay is negative or the period not positive.</exception>
    public Alarm Start(Alarm alarm, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(alarm.Period ?? TimeSpan.MaxValue, TimeSpan.Zero, nameof(alarm));
        lock (_gate)
        {
            // A stopped system's clock rings no more; that of an actor that outlives it is nobody's concern.
            if (!_isDisposed)
            {
                alarm.DueTick = Math.Max(_tick + 1, TickAfter(Elapsed() + delay));
                Insert(alarm);
            }
        }

        return alarm;
    }

    public void Remove(Alarm alarm)
    {
        lock (_gate)
        {
            if (alarm.Wheel is not null)
            {
                Unlink(alarm);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _count = 0;
            Array.Clear(_slots);
        }

        _clock.Dispose();
    }

    private static long TickAfter(TimeSpan time) =>
        (time.Ticks + (TickMilliseconds * TimeSpan.TicksPerMillisecond) - 1) / (TickMilliseconds * TimeSpan.TicksPerMillisecond);

    private TimeSpan Elapsed() => Stopwatch.GetElapsedTime(_start);

    private void Insert(Alarm alarm)
    {
        ref var slot = ref _slots[alarm.DueTick % Slots];
        alarm.Wheel = this;
        alarm.Before = null;
        alarm.After = slot;
        if (slot is not null)
        {
            slot.Before = alarm;
        }

        slot = alarm;
        if (_count++ == 0)
        {
            // The wheel was empty: nothing is due in the ticks that went by meanwhile.
            _tick = Math.Max(_tick, Math.Min(alarm.DueTick - 1, Elapsed().Ticks / (TickMilliseconds * TimeSpan.TicksPerMillisecond)));
        }

        WakeAt(alarm.DueTick);
    }

    private void Unlink(Alarm alarm)
    {
        if (alarm.Before is null)
        {
            _slots[alarm.DueTick % Slots] = alarm.After;
        }
        else
        {
            alarm.Before.After = alarm.After;
        }

        if (alarm.After is not null)
        {
            alarm.After.Before = alarm.Before;
        }

        alarm.Wheel = null;
        alarm.Before = null;
        alarm.After = null;
        _count--;
    }

    private void WakeAt(long tick)
    {
        if (tick >= _wakeTick || _isDisposed)
        {
            return;
        }

        _wakeTick = tick;

        // Never longer than a round: the clock takes no more than some weeks, and looking once more costs nothing.
        var wait = Math.Ceiling((tick * TickMilliseconds) - Elapsed().TotalMilliseconds);
        _clock.Change((long)Math.Clamp(wait, 0, Slots * TickMilliseconds), Timeout.Infinite);
    }

    private void RingDue()
    {
        var due = TakeDue();
        while (due is not null)
        {
            var next = due.After;
            due.After = null;
            RingOne(due);
            due = next;
        }
    }

    private void RingOne(Alarm alarm)
    {
        if (alarm.IsCancellationRequested)
        {
            return;
        }

        try
        {
            alarm.Ring();
        }
        catch (Exception failure)
        {
            _onError(failure);
        }

        if (alarm.Period is { } period)
        {
            lock (_gate)
            {
                if (!_isDisposed && !alarm.IsCancellationRequested)
                {
                    alarm.DueTick = Math.Max(_tick + 1, alarm.DueTick + Math.Max(1, TickAfter(period)));
                    Insert(alarm);
                }
            }
        }
    }

    /// <summary>Takes what is due out of the wheel, earliest first, and sets the clock for what comes next.</summary>
    private Alarm? TakeDue()
    {
        lock (_gate)
        {
            _wakeTick = long.MaxValue;
            if (_isDisposed)
            {
                return null;
            }

            Alarm? first = null, last = null;
            var now = Elapsed().Ticks / (TickMilliseconds * TimeSpan.TicksPerMillisecond);

            // After a long sleep of the machine one round sees every slot.
            for (var tick = Math.Max(_tick + 1, now - Slots + 1); tick <= now && _count > 0; tick++)
            {
                for (Alarm? alarm = _slots[tick % Slots], after; alarm is not null; alarm = after)
                {
                    after = alarm.After;
                    if (alarm.DueTick > now)
                    {
                        continue;
                    }

                    Unlink(alarm);
                    if (last is null)
                    {
                        first = alarm;
                    }
                    else
                    {
                        last.After = alarm;
                    }

                    last = alarm;
                }
            }

            _tick = Math.Max(_tick, now);
            if (_count > 0)
            {
                WakeAt(NextTick());
            }

            return first;
        }
    }

    /// <summary>The next tick whose slot is not empty; what is in it may be due only rounds later.</summary>
    private long NextTick()
    {
        var tick = _tick + 1;
        while (_slots[tick % Slots] is null)
        {
            tick++;
        }

        return tick;
    }
}
