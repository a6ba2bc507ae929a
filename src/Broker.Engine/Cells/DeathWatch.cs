using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Engine;

/// <summary>Whom an actor watches and who watches it. Most actors watch one other, if any: only the second one costs a dictionary.</summary>
internal sealed class DeathWatch
{
    private IActorRef? _one;
    private Subject _first;
    private Dictionary<IActorRef, Subject>? _others;
    private HashSet<IInternalActorRef>? _watchers;

    public bool HasWatchers => _watchers is { Count: > 0 };

    public HashSet<IInternalActorRef> Watchers => _watchers ??= [];

    /// <returns>Whether the watch is new; the first one's message stands.</returns>
    public bool Start(IActorRef subject, object? message)
    {
        if (!Unsafe.IsNullRef(ref Find(subject)))
        {
            return false;
        }

        var watched = new Subject(message, IsDead: false);
        if (_one is null)
        {
            (_one, _first) = (subject, watched);
        }
        else
        {
            (_others ??= []).Add(subject, watched);
        }

        return true;
    }

    /// <returns>Whether it was watched and alive as far as known.</returns>
    public bool Stop(IActorRef subject)
    {
        ref var watched = ref Find(subject);
        if (Unsafe.IsNullRef(ref watched))
        {
            return false;
        }

        var wasAlive = !watched.IsDead;
        Remove(subject);
        return wasAlive;
    }

    /// <summary>The subject has stopped; its <see cref="Terminated"/> is about to be put into the mailbox.</summary>
    /// <returns>Whether it was watched.</returns>
    public bool Die(IActorRef subject)
    {
        ref var watched = ref Find(subject);
        if (Unsafe.IsNullRef(ref watched) || watched.IsDead)
        {
            return false;
        }

        watched = watched with { IsDead = true };
        return true;
    }

    /// <summary>The <see cref="Terminated"/> comes out of the mailbox.</summary>
    /// <returns>Whether the actor still wants to hear of it.</returns>
    public bool Hear(IActorRef subject, out object? message)
    {
        message = null;
        ref var watched = ref Find(subject);
        if (Unsafe.IsNullRef(ref watched) || !watched.IsDead)
        {
            return false;
        }

        message = watched.Message;
        Remove(subject);
        return true;
    }

    /// <returns>Who was watched and is alive as far as known.</returns>
    public IReadOnlyList<IActorRef> StopAll()
    {
        if (_one is null && _others is null)
        {
            return [];
        }

        var alive = new List<IActorRef>();
        if (_one is not null && !_first.IsDead)
        {
            alive.Add(_one);
        }

        foreach (var (subject, watched) in _others ?? [])
        {
            if (!watched.IsDead)
            {
                alive.Add(subject);
            }
        }

        (_one, _first, _others) = (null, default, null);
        return alive;
    }

    /// <summary>A null reference if it is not watched.</summary>
    private ref Subject Find(IActorRef subject)
    {
        if (_one is not null && _one.Equals(subject))
        {
            return ref _first;
        }

        return ref _others is null ? ref Unsafe.NullRef<Subject>() : ref CollectionsMarshal.GetValueRefOrNullRef(_others, subject);
    }

    private void Remove(IActorRef subject)
    {
        if (_one is not null && _one.Equals(subject))
        {
            (_one, _first) = (null, default);
        }
        else
        {
            _others!.RemoveAndShrink(subject);
        }
    }

    /// <param name="Message">What to be told instead of <see cref="Terminated"/>.</param>
    /// <param name="IsDead">Its <see cref="Terminated"/> is in the mailbox.</param>
    private readonly record struct Subject(object? Message, bool IsDead);
}
