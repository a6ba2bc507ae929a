using Broker.Actors.Channels;

namespace Broker.Actors.Relays;

/// <summary>
/// Subscribers that wait for the persisted last message, and what was published meanwhile. One question at a time serves all who came before it was asked.
/// </summary>
internal sealed class Joiners(long maxHeldBytes)
{
    private readonly List<Joiner> _asking = [];
    private readonly List<Joiner> _waiting = [];
    private readonly List<Publication> _held = [];
    private long _heldBytes;
    private long _asked;

    public bool IsEmpty => _asking.Count == 0 && _waiting.Count == 0;

    public void Add(Subscriber subscriber) => _waiting.Add(new Joiner(subscriber, _held.Count));

    public bool Remove(Subscriber subscriber)
    {
        var found = _asking.RemoveAll(joiner => joiner.Subscriber == subscriber) + _waiting.RemoveAll(joiner => joiner.Subscriber == subscriber) > 0;
        if (found) Trim();
        return found;
    }

    /// <summary>The ticket of a question to ask now; null while one is open or nobody waits.</summary>
    public long? Ask()
    {
        if (_asking.Count > 0 || _waiting.Count == 0) return null;

        _asking.AddRange(_waiting);
        _waiting.Clear();
        return ++_asked;
    }

    /// <summary>The question may be lost: the next one is for its joiners too.</summary>
    public void Forget()
    {
        _waiting.InsertRange(0, _asking);
        _asking.Clear();
    }

    /// <summary>What is published while they wait. False when it is more than may be held: they must go on without a last message.</summary>
    public bool Hold(IReadOnlyList<Publication> publications)
    {
        if (IsEmpty) return true;

        _held.AddRange(publications);
        foreach (var publication in publications) _heldBytes += publication.Weight;
        return _heldBytes <= maxHeldBytes;
    }

    /// <summary>The answer: who joins now, and what each is given after the last message.</summary>
    public IReadOnlyList<Ready> Answered(long ticket)
    {
        if (ticket != _asked) return [];

        var ready = Release(_asking);
        Trim();
        return ready;
    }

    /// <summary>All of them, now.</summary>
    public IReadOnlyList<Ready> GiveUp()
    {
        Forget();
        var ready = Release(_waiting);
        Trim();
        _asked++;
        return ready;
    }

    /// <summary>Those between whom nothing was published are given the same batch, which is encoded once for all of them. They stand in the order in which they came.</summary>
    private List<Ready> Release(List<Joiner> joiners)
    {
        var (start, held) = (-1, RelayBatch.Empty);
        var ready = new List<Ready>(joiners.Count);
        foreach (var joiner in joiners)
        {
            if (joiner.Start != start) (start, held) = (joiner.Start, new RelayBatch(_held.GetRange(joiner.Start, _held.Count - joiner.Start)));
            ready.Add(new Ready(joiner.Subscriber, held));
        }

        joiners.Clear();
        return ready;
    }

    /// <summary>Lets go what was published before the first of them came: somebody may be waiting at any time, and then nothing ever went.</summary>
    private void Trim()
    {
        var first = _asking.Count > 0 ? _asking[0].Start : _waiting.Count > 0 ? _waiting[0].Start : _held.Count;
        if (first == 0) return;

        for (var i = 0; i < first; i++) _heldBytes -= _held[i].Weight;
        _held.RemoveRange(0, first);
        for (var i = 0; i < _asking.Count; i++) _asking[i] = _asking[i] with { Start = _asking[i].Start - first };
        for (var i = 0; i < _waiting.Count; i++) _waiting[i] = _waiting[i] with { Start = _waiting[i].Start - first };
    }

    public readonly record struct Ready(Subscriber Subscriber, RelayBatch Held)
    {
        /// <summary>The last message is one of those that come anyway.</summary>
        public bool Holds(byte[] payload)
        {
            foreach (var publication in Held.Publications) if (publication.Payload.Span.SequenceEqual(payload)) return true;
            return false;
        }
    }

    private readonly record struct Joiner(Subscriber Subscriber, int Start);
}
