using Broker.Actors.Connections;

namespace Broker.Actors.Relays;

/// <summary>The subscribers of a relay that get what is live. Coming and going costs the same however many there are.</summary>
internal sealed class LocalSubscribers
{
    /// <summary>From so many on two threads write their outboxes. With a hundred the second costs a fifth more CPU and nobody has anything sooner (bench/README.md).</summary>
    private const int Many = 256;

    /// <summary>So many outboxes are filled before they are written: what comes from other channels meanwhile waits with them.</summary>
    private const int AtATime = 1024;

    private readonly List<Subscriber> _all = [];
    private readonly SharedWriting _writing = new();

    public int Count => _all.Count;

    public void Add(Subscriber subscriber)
    {
        subscriber.Place = _all.Count;
        _all.Add(subscriber);
    }

    public bool Remove(Subscriber subscriber)
    {
        // A place may be one at a former relay of the channel, which has failed.
        if (subscriber.Place < 0 || subscriber.Place >= _all.Count || _all[subscriber.Place] != subscriber) return false;

        var last = _all[^1];
        _all[subscriber.Place] = last;
        last.Place = subscriber.Place;
        _all.RemoveAt(_all.Count - 1);
        subscriber.Place = -1;
        return true;
    }

    /// <summary>Gives each its share. Returns how many publications that were in all.</summary>
    public long Deliver(Dispatch dispatch)
    {
        var delivered = 0L;
        if (_all.Count < Many)
        {
            foreach (var subscriber in _all) delivered += subscriber.Deliver(dispatch);
            return delivered;
        }

        for (var first = 0; first < _all.Count; first += AtATime) delivered += Deliver(dispatch, first, Math.Min(first + AtATime, _all.Count));
        return delivered;
    }

    private long Deliver(Dispatch dispatch, int first, int end)
    {
        var delivered = 0L;
        var outboxes = dispatch.Unwritten = new List<Outbox>(end - first);
        try
        {
            for (var place = first; place < end; place++) delivered += _all[place].Deliver(dispatch);
            return delivered;
        }
        finally
        {
            _writing.Write(outboxes);
        }
    }
}
