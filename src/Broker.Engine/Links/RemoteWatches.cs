using System.Text;

namespace Broker.Engine;

/// <summary>
/// Death watch between this node and another. A watch is one frame per actor, whoever here watches it, and is said again at the
/// beginning of each link; so whatever was lost with the link before, the end of an actor is heard of.
/// </summary>
internal sealed class RemoteWatches(RemoteNode node)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Watched> _watched = [];
    private readonly Dictionary<IActorRef, HashSet<string>> _watchedByThem = [];

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _watched.Count == 0;
            }
        }
    }

    public void Add(RemoteActorRef watchee, IInternalActorRef watcher)
    {
        lock (_gate)
        {
            if (_watched.TryGetValue(watchee.Name, out var watched))
            {
                watched.Watchers.Add(watcher);
                return;
            }

            _watched.Add(watchee.Name, new Watched(watchee, [watcher]));
        }

        node.SendSure(Frame.Of(FrameKind.Watch, watchee.NameBytes));
        if (node.IsClosed)
        {
            // It closed meanwhile, perhaps before this watch was there to be told.
            OnNodeGone();
        }
    }

    public void Remove(RemoteActorRef watchee, IInternalActorRef watcher)
    {
        lock (_gate)
        {
            if (!_watched.TryGetValue(watchee.Name, out var watched) || !watched.Watchers.Remove(watcher) || watched.Watchers.Count > 0)
            {
                return;
            }

            _watched.Remove(watchee.Name);
        }

        node.SendSure(Frame.Of(FrameKind.Unwatch, watchee.NameBytes));
    }

    /// <summary>All watches, for a new link.</summary>
    public List<Frame> Frames()
    {
        lock (_gate)
        {
            return [.. _watched.Values.Select(watched => Frame.Of(FrameKind.Watch, watched.Actor.NameBytes))];
        }
    }

    /// <summary>
    /// Asked when a frame goes out. A Watch or Unwatch may have been put into the queue later than it became so, behind the one that took its
    /// place, or may have waited for a link that begins with all watches: what is no longer so is not said. What became so last is in the
    /// queue last, or a link begins with it, so it is always said.
    /// </summary>
    public bool IsSo(Frame frame)
    {
        if (frame.Kind is not (FrameKind.Watch or FrameKind.Unwatch))
        {
            return true;
        }

        var name = Encoding.UTF8.GetString(frame.Payload);
        lock (_gate)
        {
            return _watched.ContainsKey(name) == (frame.Kind == FrameKind.Watch);
        }
    }

    /// <summary>The other side says that an actor has stopped. The first byte says whether it was there.</summary>
    public bool OnDied(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 2)
        {
            return false;
        }

        Watched? watched;
        lock (_gate)
        {
            _watched.Remove(Encoding.UTF8.GetString(payload[1..]), out watched);
        }

        Tell(watched, existed: payload[0] != 0, addressTerminated: false);
        return true;
    }

    /// <summary>The node is gone, and all its actors with it.</summary>
    public void OnNodeGone()
    {
        OnForgotten();
        IActorRef[] ours;
        lock (_gate)
        {
            ours = [.. _watchedByThem.Keys];
            _watchedByThem.Clear();
        }

        foreach (var actor in ours.OfType<IInternalActorRef>())
        {
            actor.SendSystemMessage(new Unwatch(actor, node.Watcher));
        }
    }

    /// <summary>
    /// The node took us for gone. What it watches here it says (again) itself, and a watch of ours that has reached it already is
    /// only one too many: nobody here is told of that actor's end twice.
    /// </summary>
    public void OnForgotten()
    {
        Watched[] all;
        lock (_gate)
        {
            all = [.. _watched.Values];
            _watched.Clear();
        }

        foreach (var watched in all)
        {
            Tell(watched, existed: true, addressTerminated: true);
        }
    }

    /// <summary>They want to hear of an actor of ours.</summary>
    public void OnWatch(string name, IActorRef actor)
    {
        if (actor is not IInternalActorRef ours)
        {
            return;
        }

        lock (_gate)
        {
            if (!_watchedByThem.TryGetValue(actor, out var names))
            {
                _watchedByThem.Add(actor, names = []);
            }

            names.Add(name);
        }

        ours.SendSystemMessage(new Watch(ours, node.Watcher));
        if (node.IsClosed)
        {
            // It was still on its way: nobody would end this watch.
            OnNodeGone();
        }
    }

    public void OnUnwatch(string name, IActorRef actor)
    {
        lock (_gate)
        {
            if (!_watchedByThem.TryGetValue(actor, out var names) || !names.Remove(name) || names.Count > 0)
            {
                return;
            }

            _watchedByThem.Remove(actor);
        }

        (actor as IInternalActorRef)?.SendSystemMessage(new Unwatch((IInternalActorRef)actor, node.Watcher));
    }

    /// <summary>An actor of ours has stopped, or was not there.</summary>
    public void OnOurs(DeathWatchNotification death)
    {
        HashSet<string>? names;
        lock (_gate)
        {
            _watchedByThem.Remove(death.Actor, out names);
        }

        foreach (var name in names ?? [])
        {
            node.SendSure(Frame.Of(FrameKind.Died, [death.ExistenceConfirmed ? (byte)1 : (byte)0, .. Encoding.UTF8.GetBytes(name)]));
        }
    }

    private static void Tell(Watched? watched, bool existed, bool addressTerminated)
    {
        foreach (var watcher in watched?.Watchers ?? [])
        {
            watcher.SendSystemMessage(new DeathWatchNotification(watched!.Actor, existed, addressTerminated));
        }
    }

    private sealed record Watched(RemoteActorRef Actor, HashSet<IInternalActorRef> Watchers);
}

/// <summary>Stands among the watchers of an actor for all of another node's.</summary>
internal sealed class RemoteWatcher(LocalActorSystem system, RemoteNode node) : ActorRefBase
{
    public override LocalActorSystem System => system;

    public override ActorPath Path { get; } = new RootActorPath(node.Address).Child("watcher");

    public override void Tell(object message, IActorRef? sender)
    {
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        if (message is DeathWatchNotification death)
        {
            node.Watches.OnOurs(death);
        }
    }

    public override bool Equals(IActorRef? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => node.GetHashCode();
}
