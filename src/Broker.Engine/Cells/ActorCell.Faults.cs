namespace Broker.Engine;

/// <summary>Failures: the actor's own and its children's.</summary>
internal sealed partial class ActorCell
{
    private SupervisorStrategy Strategy => _props.SupervisorStrategy ?? _actor?.OwnStrategy() ?? SupervisorStrategy.DefaultStrategy;

    /// <summary>Stands still, and its children with it, until the supervisor has decided.</summary>
    /// <param name="cause">What happened.</param>
    /// <param name="perpetrator">The actor itself, or the child whose failure it could not deal with.</param>
    private void Fail(Exception cause, IInternalActorRef perpetrator)
    {
        if (IsFailed)
        {
            if (!perpetrator.Equals(_self))
            {
                (_standstill!.Unanswered ??= []).Add(new Failed(perpetrator, cause));
            }

            return;
        }

        if (_phase is Phase.Terminating or Phase.Terminated)
        {
            // It is ending anyway, and its supervisor cannot do more about it.
            System.Log.Error($"{PathText} failed while it was stopping", cause);
            return;
        }

        var standstill = _standstill ??= new Standstill();
        standstill.Depth++;
        standstill.Perpetrator = perpetrator;
        standstill.FailedOn = _message;
        foreach (var child in Children)
        {
            if (!child.Equals(perpetrator))
            {
                child.SendSystemMessage(new Suspend());
            }
        }

        _self.Parent.SendSystemMessage(new Failed(_self, cause));
    }

    private void OnChildFailed(Failed failed)
    {
        // Only a child that still is one: it may have been stopped and made anew meanwhile.
        if (failed.Child is not LocalActorRef child || !Children.Contains(child))
        {
            return;
        }

        _sender = child;
        try
        {
            var strategy = Strategy;
            var directive = strategy.Decide(failed.Cause, child, RestartsOf(child));
            strategy.Log(System.Log, child, failed.Cause, directive);
            Apply(directive, child, failed.Cause);
        }
        finally
        {
            _sender = null;
        }
    }

    private void Apply(Directive directive, LocalActorRef child, Exception cause)
    {
        switch (directive)
        {
            case Directive.Resume:
                child.SendSystemMessage(new Resume(cause));
                break;
            case Directive.Restart:
                child.SendSystemMessage(new Recreate(cause));
                break;
            case Directive.Stop:
                Stop(child);
                break;
            default:
                Fail(cause, child);
                break;
        }
    }

    private void OnSuspend()
    {
        (_standstill ??= new Standstill()).Depth++;
        foreach (var child in Children)
        {
            child.SendSystemMessage(new Suspend());
        }
    }

    private void OnResume(Exception? causedByFailure)
    {
        if (_actor is null && _phase == Phase.Alive)
        {
            // There is nothing to resume: the first instance never came to be.
            CreateAgain();
            return;
        }

        var perpetrator = _standstill?.Perpetrator;
        Awake();
        if (causedByFailure is not null)
        {
            ClearFailure();
        }

        foreach (var child in Children)
        {
            child.SendSystemMessage(new Resume(child.Equals(perpetrator) ? causedByFailure : null));
        }
    }

    private void Awake()
    {
        if (_standstill is { } standstill)
        {
            standstill.Depth = Math.Max(0, standstill.Depth - 1);
            standstill.LastHeld = null;
        }
    }

    private void ClearFailure()
    {
        if (_standstill is { } standstill)
        {
            standstill.Perpetrator = null;
            standstill.FailedOn = null;
            standstill.Cause = null;
            foreach (var failed in standstill.Unanswered ?? [])
            {
                _self.SendSystemMessage(failed);
            }

            standstill.Unanswered = null;
        }
    }
}
