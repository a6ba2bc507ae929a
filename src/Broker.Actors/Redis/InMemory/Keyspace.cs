namespace Broker.Actors.Redis.InMemory;

/// <summary>
/// Keys, values and their expiry. A value is a string (<c>byte[]</c>), a hash, a list or a <see cref="HistoryStream"/>. Not thread safe: the store locks.
/// </summary>
/// <remarks>
/// An expired key is gone at once for whoever looks; its memory goes when its turn in the queue of deadlines comes. A key has one place in that queue however
/// often it is set again: it is put back when it comes up too early.
/// </remarks>
internal sealed class Keyspace(TimeProvider time)
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly PriorityQueue<string, long> _deadlines = new();
    private readonly Dictionary<string, long> _queued = new(StringComparer.Ordinal);

    public long Now => time.GetUtcNow().UtcTicks;

    public int Count => _entries.Count;

    /// <summary>How many places the queue of deadlines has.</summary>
    public int Deadlines => _deadlines.Count;

    public object? Find(string key)
    {
        Sweep();
        return _entries.TryGetValue(key, out var entry) ? entry.Value : null;
    }

    /// <exception cref="WrongTypeException">The key holds something else.</exception>
    public T? Find<T>(string key)
        where T : class => Find(key) switch
        {
            null => null,
            T value => value,
            _ => throw new WrongTypeException(),
        };

    /// <summary>The value, made and stored without expiry if there is none.</summary>
    public T FindOrAdd<T>(string key)
        where T : class, new()
    {
        if (Find<T>(key) is { } value) return value;

        value = new T();
        Set(key, value);
        return value;
    }

    /// <summary>Replaces value and expiry.</summary>
    public void Set(string key, object value, TimeSpan? expires = null)
    {
        Sweep();
        _entries[key] = new Entry(value, null);
        if (expires is { } duration) Expire(key, duration);
    }

    /// <summary>Replaces the value and leaves the expiry.</summary>
    public void Update(string key, object value)
    {
        Sweep();
        _entries[key] = new Entry(value, _entries.TryGetValue(key, out var entry) ? entry.Expires : null);
    }

    public bool Remove(string key)
    {
        Sweep();
        return _entries.Remove(key);
    }

    public bool Expire(string key, TimeSpan duration)
    {
        Sweep();
        if (!_entries.TryGetValue(key, out var entry)) return false;
        if (duration <= TimeSpan.Zero) return _entries.Remove(key);

        var at = Now + duration.Ticks;
        _entries[key] = entry with { Expires = at };
        if (!_queued.TryGetValue(key, out var queued) || queued > at) Enqueue(key, at);
        return true;
    }

    /// <summary>Time left; null for a key that stays. False for a key that is not there.</summary>
    public bool TryGetExpiry(string key, out TimeSpan? left)
    {
        Sweep();
        left = null;
        if (!_entries.TryGetValue(key, out var entry)) return false;

        if (entry.Expires is { } at) left = TimeSpan.FromTicks(at - Now);
        return true;
    }

    private void Enqueue(string key, long at)
    {
        _queued[key] = at;
        _deadlines.Enqueue(key, at);
    }

    private void Sweep()
    {
        while (_deadlines.TryPeek(out var key, out var at) && at <= Now)
        {
            _deadlines.Dequeue();
            if (!_queued.TryGetValue(key, out var queued) || queued != at) continue;

            _queued.Remove(key);
            if (!_entries.TryGetValue(key, out var entry) || entry.Expires is not { } expires) continue;

            if (expires <= Now) _entries.Remove(key);
            else Enqueue(key, expires);
        }
    }

    private readonly record struct Entry(object Value, long? Expires);
}

/// <summary>Redis's own words for it.</summary>
internal sealed class WrongTypeException() : Exception("WRONGTYPE Operation against a key holding the wrong kind of value");
