namespace Broker.Engine;

/// <summary>Birth, restart and death of the actor.</summary>
internal sealed partial class ActorCell
{
    private Phase _phase;
    private Standstill? _standstill;
    private bool _isReleased;

    private enum Phase : byte
    {
        Alive,

        /// <summary>Waits for children to stop, then makes its first instance again, the former having failed.</summary>
        Creating,

        /// <summary>Waits for children to stop, then makes a new instance.</summary>
        Recreating,

        /// <summary>Waits for children to stop, then stops.</summary>
        Terminating,

        Terminated,
    }

    /// <summary>Inside the actor's constructor.</summary>
    public bool IsCreating { get; private set; }

    /// <summary>Whether messages must wait.</summary>
    public bool IsSuspended => _phase != Phase.Alive || _standstill is { Depth: > 0 };

    /// <summary>The last of the messages that wait while the actor is suspended.</summary>
    public Envelope? LastHeld
    {
        get => _standstill?.LastHeld;
        set => (_standstill ??= new Standstill()).LastHeld = value;
    }

    private bool IsFailed => _standstill?.Perpetrator is not null;

    private void OnCreate()
    {
        try
        {
            MakeActor();
            _actor!.Started();
        }
        catch (Exception failure)
        {
            Release();
            _actor = null;
            throw new ActorInitializationException(_self, "Exception during creation", failure);
        }
    }

    private void MakeActor()
    {
        _behaviors = null;
        IsCreating = true;
        ActorBase actor;
        try
        {
            actor = _props.Make();
        }
        finally
        {
            IsCreating = false;
        }

        _actor = actor;
        _isReleased = false;
        actor.Constructed();
        if (actor is IWithTimers withTimers)
        {
            withTimers.Timers = _timers = new TimerScheduler(this);
        }
    }

    private void OnRecreate(Exception cause)
    {
        if (_phase != Phase.Alive)
        {
            // Already on its way to a new instance, or to the end; the count of suspensions stays balanced.
            OnResume(causedByFailure: null);
            return;
        }

        if (_actor is null)
        {
            CreateAgain();
            return;
        }

        _timers?.CancelAll();
        try
        {
            _actor.Restarting(cause, _standstill?.FailedOn);
        }
        catch (Exception failure)
        {
            System.Log.Error($"PreRestart failed in {PathText}", failure);
        }

        Release();
        if (_children is { Dying: > 0 })
        {
            _phase = Phase.Recreating;
            (_standstill ??= new Standstill()).Cause = cause;
            return;
        }

        FinishRecreate(cause);
    }

    private void FinishRecreate(Exception cause)
    {
        _phase = Phase.Alive;

        // The new instance's own children are not among those that are restarted with it.
        var survivors = _children?.ToArray() ?? [];
        Awake();
        ClearFailure();
        try
        {
            MakeActor();
            _actor!.Restarted(cause);
        }
        catch (Exception failure)
        {
            if (_isReleased)
            {
                _actor = null;
            }

            Fail(new PostRestartException(_self, failure), _self);
            return;
        }

        foreach (var survivor in survivors)
        {
            survivor.SendSystemMessage(new Recreate(cause));
        }
    }

    /// <summary>The first instance never came to be; its supervisor wants another try.</summary>
    private void CreateAgain()
    {
        SetReceiveTimeout(null);
        StopChildren();
        if (_children is { Dying: > 0 })
        {
            _phase = Phase.Creating;
            return;
        }

        FinishCreateAgain();
    }

    private void FinishCreateAgain()
    {
        _phase = Phase.Alive;
        Awake();
        ClearFailure();
        OnCreate();
    }

    private void OnTerminate()
    {
        if (_phase is Phase.Terminating or Phase.Terminated)
        {
            return;
        }

        SetReceiveTimeout(null);
        _timers?.CancelAll();
        UnwatchAll();
        var children = CloseChildren();
        StopChildren();
        if (children.Count > 0)
        {
            _phase = Phase.Terminating;
            return;
        }

        FinishTerminate();
    }

    private void FinishTerminate()
    {
        _phase = Phase.Terminated;
        try
        {
            // An instance that was on its way to being replaced has been through PreRestart, which is its PostStop.
            if (!_isReleased)
            {
                _actor?.Stopped();
            }
        }
        catch (Exception failure)
        {
            System.Log.Error($"PostStop failed in {PathText}", failure);
        }

        _timers?.CancelAll();
        SetReceiveTimeout(null);
        _self.Close();
        _self.CloseSystem();

        // In this order: a parent that also watches the child frees its name before it hears of its end.
        _self.Parent.SendSystemMessage(new DeathWatchNotification(_self, existenceConfirmed: true, addressTerminated: false));
        TellWatchers();
        UnwatchAll();
        Release();
        _actor = null;
    }

    private void Release()
    {
        if (_actor is null || _isReleased)
        {
            return;
        }

        _isReleased = true;
        try
        {
            (_actor as IDisposable)?.Dispose();
            _props.Release(_actor);
        }
        catch (Exception failure)
        {
            System.Log.Error($"Release failed in {PathText}", failure);
        }
    }

    /// <summary>What an actor that stands still remembers; most never do.</summary>
    private sealed class Standstill
    {
        /// <summary>How many suspensions are not yet taken back.</summary>
        public int Depth;

        /// <summary>The actor itself or the child whose failure it made its own; null if it has not failed.</summary>
        public IInternalActorRef? Perpetrator;

        /// <summary>The message that it failed on.</summary>
        public object? FailedOn;

        /// <summary>Why it is to be made anew.</summary>
        public Exception? Cause;

        /// <summary>Failures of children that came up while the supervisor's decision about an earlier one was awaited.</summary>
        public List<Failed>? Unanswered;

        public Envelope? LastHeld;
    }
}
