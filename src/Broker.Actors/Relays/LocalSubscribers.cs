namespace Broker.Actors.Relays;

/// <summary>The subscribers of a relay that get what is live. Coming and going costs the same however many there are.</summary>
internal sealed class LocalSubscribers
{
    private readonly List<Subscriber> _all = [];

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
        foreach (var subscriber in _all) delivered += subscriber.Deliver(dispatch);
        return delivered;
    }
}
