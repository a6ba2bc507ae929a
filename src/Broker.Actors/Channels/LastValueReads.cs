namespace Broker.Actors.Channels;

/// <summary>
/// Relays that wait for the persisted last message. One read at a time serves all that asked before it began; who asks meanwhile gets the next one.
/// </summary>
internal sealed class LastValueReads
{
    private List<Reader> _waiting = [];
    private List<Reader>? _reading;

    /// <summary>A relay that asks again wants no answer to its earlier question.</summary>
    public void Ask(IActorRef relay, long ticket)
    {
        _waiting.RemoveAll(reader => reader.Relay.Equals(relay));
        _waiting.Add(new Reader(relay, ticket));
    }

    /// <summary>True if a read is to begin now.</summary>
    public bool Begin()
    {
        if (_reading is not null || _waiting.Count == 0) return false;

        (_reading, _waiting) = (_waiting, []);
        return true;
    }

    /// <summary>The read has ended: who is to be told.</summary>
    public IReadOnlyList<Reader> End()
    {
        var readers = _reading ?? [];
        _reading = null;
        return readers;
    }

    /// <summary>The read came to nothing; its readers ask again.</summary>
    public void Fail()
    {
        _waiting.InsertRange(0, _reading ?? []);
        _reading = null;
    }

    public readonly record struct Reader(IActorRef Relay, long Ticket);
}
