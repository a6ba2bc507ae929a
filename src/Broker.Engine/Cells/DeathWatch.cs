namespace Broker.Engine;

/// <summary>Whom an actor watches and who watches it.</summary>
internal sealed class DeathWatch
{
    private Dictionary<IActorRef, Subject>? _subjects;
    private HashSet<IInternalActorRef>? _watchers;

    public bool HasWatchers => _watchers is { Count: > 0 };

    public HashSet<IInternalActorRef> Watchers => _watchers ??= [];

    /// <returns>Whether the watch is new; the first one's message stands.</returns>
    public bool Start(IActorRef subject, object? message) =>
        (_subjects ??= []).TryAdd(subject, new Subject(message, IsDead: false));

    /// <returns>Whether it was watched and alive as far as known.</returns>
    public bool Stop(IActorRef subject) =>
        _subjects is not null && _subjects.Remove(subject, out var watched) && !watched.IsDead;

    /// <summary>The subject has stopped; its <see cref="Terminated"/> is about to be put into the mailbox.</summary>
    /// <returns>Whether it was watched.</returns>
    public bool Die(IActorRef subject)
    {
        if (_subjects is null || !_subjects.TryGetValue(subject, out var watched) || watched.IsDead)
        {
            return false;
        }

        _subjects[subject] = watched with { IsDead = true };
        return true;
    }

    /// <summary>The <see cref="Terminated"/> comes out of the mailbox.</summary>
    /// <returns>Whether the actor still wants to hear of it.</returns>
    public bool Hear(IActorRef subject, out object? message)
    {
        message = null;
        if (_subjects is null || !_subjects.TryGetValue(subject, out var watched) || !watched.IsDead)
        {
            return false;
        }

        _subjects.Remove(subject);
        message = watched.Message;
        return true;
    }

    public IActorRef[] StopAll()
    {
        if (_subjects is null)
        {
            return [];
        }

        var alive = _subjects.Where(subject => !subject.Value.IsDead).Select(subject => subject.Key).ToArray();
        _subjects = null;
        return alive;
    }

    /// <param name="Message">What to be told instead of <see cref="Terminated"/>.</param>
    /// <param name="IsDead">Its <see cref="Terminated"/> is in the mailbox.</param>
    private readonly record struct Subject(object? Message, bool IsDead);
}
