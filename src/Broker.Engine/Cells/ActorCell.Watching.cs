namespace Broker.Engine;

/// <summary>Death watch, in both directions.</summary>
internal sealed partial class ActorCell
{
    private DeathWatch? _watch;

    IActorRef ICanWatch.Watch(IActorRef subject) => Watch(subject, message: null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Watch(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        if (_watch?.Stop(subject) == true && subject is IInternalActorRef watchee)
        {
            watchee.SendSystemMessage(new Unwatch(watchee, _self));
        }

        return subject;
    }

    private IActorRef Watch(IActorRef subject, object? message)
    {
        ArgumentNullException.ThrowIfNull(subject);
        if (subject is IInternalActorRef watchee && !subject.Equals(_self) && (_watch ??= new DeathWatch()).Start(subject, message))
        {
            watchee.SendSystemMessage(new Watch(watchee, _self));
        }

        return subject;
    }

    private void AddWatcher(Watch watch)
    {
        // The parent hears of every child's end without watching.
        if (!watch.Watcher.Equals(_self) && !watch.Watcher.Equals(_self.Parent))
        {
            (_watch ??= new DeathWatch()).Watchers.Add(watch.Watcher);
        }
    }

    private void RemoveWatcher(Unwatch unwatch) => _watch?.Watchers.Remove(unwatch.Watcher);

    /// <summary>Somebody watched, or a child, has stopped.</summary>
    private void OnDeath(DeathWatchNotification death)
    {
        if (_phase != Phase.Terminated && _watch?.Die(death.Actor) == true)
        {
            // Takes its place in the mailbox, behind what the dead actor sent before; the watch may still be taken back.
            _self.Tell(new Terminated(death.Actor, death.ExistenceConfirmed, death.AddressTerminated), death.Actor);
        }

        if (death.Actor is LocalActorRef child && _children?.Contains(child) == true)
        {
            OnChildStopped(child);
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        if (_watch?.Hear(terminated.ActorRef, out var message) == true)
        {
            Handle(message ?? terminated);
        }
    }

    private void TellWatchers()
    {
        if (_watch is not { HasWatchers: true } watch)
        {
            return;
        }

        foreach (var watcher in watch.Watchers)
        {
            watcher.SendSystemMessage(new DeathWatchNotification(_self, existenceConfirmed: true, addressTerminated: false));
        }

        watch.Watchers.Clear();
    }

    private void UnwatchAll()
    {
        foreach (var subject in _watch?.StopAll() ?? [])
        {
            if (subject is IInternalActorRef watchee)
            {
                watchee.SendSystemMessage(new Unwatch(watchee, _self));
            }
        }
    }
}
