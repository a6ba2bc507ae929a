namespace Broker.Actors.Channels;

/// <summary>
/// The relays of one channel and the batches that they have sent: the owner takes only the next number, so order and idempotence hold across lost
/// messages and changes of owner.
/// </summary>
internal sealed class AttachedRelays
{
    private readonly Dictionary<string, Entry> _byId = [];

    public int Count => _byId.Count;

    public bool Knows(string relay) => _byId.ContainsKey(relay);

    public void Tell(object message)
    {
        foreach (var entry in _byId.Values) entry.Ref.Tell(message);
    }

    /// <summary>True if the relay was not known.</summary>
    public bool Attach(string relay, IActorRef reference, long nextBatch)
    {
        if (_byId.TryGetValue(relay, out var known))
        {
            known.Ref = reference;
            known.Next = Math.Max(known.Next, nextBatch);
            return false;
        }

        _byId[relay] = new Entry(reference, nextBatch);
        return true;
    }

    public void Remove(string relay) => _byId.Remove(relay);

    public void Remove(IActorRef reference)
    {
        foreach (var (relay, entry) in _byId) if (entry.Ref.Equals(reference)) _byId.Remove(relay);
    }

    /// <summary>What to do with a batch that has come.</summary>
    public Verdict Take(string relay, long number, out object? answer)
    {
        answer = null;
        if (!_byId.TryGetValue(relay, out var entry)) return Verdict.AttachAgain;

        if (number == entry.Next)
        {
            entry.Next++;
            entry.Taken = true;
            entry.Answer = null;
            return Verdict.Take;
        }

        if (number != entry.Next - 1 || !entry.Taken) return Verdict.AttachAgain;

        answer = entry.Answer;
        return answer is null ? Verdict.UnderWay : Verdict.AnswerAgain;
    }

    /// <summary>Keeps the answer, in case it is lost on the way. Returns where it goes; null if the relay has gone or has moved on.</summary>
    public IActorRef? Answer(string relay, long number, object answer)
    {
        if (!_byId.TryGetValue(relay, out var entry) || entry.Next - 1 != number) return null;

        entry.Answer = answer;
        return entry.Ref;
    }

    public enum Verdict { Take, UnderWay, AnswerAgain, AttachAgain }

    private sealed class Entry(IActorRef reference, long next)
    {
        public IActorRef Ref { get; set; } = reference;

        public long Next { get; set; } = next;

        public bool Taken { get; set; }

        public object? Answer { get; set; }
    }
}
