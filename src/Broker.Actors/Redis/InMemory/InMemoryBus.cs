using System.Globalization;
using System.Text;
using Broker.Actors.Channels;

namespace Broker.Actors.Redis.InMemory;

/// <summary>
/// Redis inside the process: the embedded default, where no connection is configured. Same semantics, one process, nothing survives it. Subscribers are
/// called from one pump, one call at a time.
/// </summary>
internal sealed class InMemoryBus : IRedisBus, IThreadPoolWorkItem
{
    private readonly InMemoryStore _store;
    private readonly InMemoryCommands _commands;
    private readonly Dictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private Deliveries _collecting;
    private Deliveries _delivering;
    private bool _pumping;
    private volatile bool _connected = true;
    private volatile bool _disposed;

    /// <param name="store">Shared with other buses, or one of its own.</param>
    /// <param name="failed">Hears of exceptions that subscribers threw, with the channel.</param>
    public InMemoryBus(InMemoryStore? store = null, Action<string, Exception>? failed = null)
    {
        _store = store ?? new InMemoryStore();
        _commands = new InMemoryCommands(_store);
        _collecting = new Deliveries((to, problem) => failed?.Invoke(to.Channel, problem));
        _delivering = new Deliveries((to, problem) => failed?.Invoke(to.Channel, problem));
    }

    public bool IsConnected => _connected && !_disposed;

    public bool IsCluster => false;

    public Task PingAsync() => Run(static _ => true);

    public void Subscribe(string channel, string? markChannel, IArrivals arrivals)
    {
        lock (_store.Gate)
        {
            if (_subscriptions.TryGetValue(channel, out var former)) Drop(former);

            var subscription = new Subscription(channel, markChannel, arrivals);
            _subscriptions[channel] = subscription;
            if (_connected) Confirm(subscription);
        }
    }

    public void Unsubscribe(string channel, IArrivals arrivals)
    {
        lock (_store.Gate)
        {
            if (!_subscriptions.TryGetValue(channel, out var subscription) || subscription.Arrivals != arrivals) return;

            _subscriptions.Remove(channel);
            Drop(subscription);
        }
    }

    public void Fence(string channel, long ticket)
    {
        lock (_store.Gate)
        {
            if (!_subscriptions.TryGetValue(channel, out var subscription) || !subscription.Confirmed) return;

            _collecting.Passed(subscription, ticket);
            WakePump();
        }
    }

    public Task PublishAsync(RedisKeys keys, IReadOnlyList<OutgoingPublication> publications) => Run(store =>
    {
        InMemoryHistory.Publish(store, keys, publications);
        return true;
    });

    public Task<LastValue> ReadLastAsync(RedisKeys keys) => Run(store => InMemoryHistory.ReadLast(store, keys));

    public Task<bool> RemoveLastAsync(RedisKeys keys) => Run(store =>
    {
        store.Keys.Remove(keys.LastId);
        return store.Keys.Remove(keys.Channel);
    });

    public Task<StreamPosition?> ReadPositionAsync(RedisKeys keys) => Run(store => InMemoryHistory.ReadPosition(store, keys));

    public Task<TakenOver> TakeOverAsync(RedisKeys keys, TakeOver order) => Run(store => InMemoryHistory.TakeOver(store, keys, order));

    public Task<Appended> AppendAsync(RedisKeys keys, Append order) => Run(store => InMemoryHistory.Append(store, keys, order));

    public Task<HistoryPage> ReadHistoryAsync(RedisKeys keys, long after, int maxCount, int maxBytes) =>
        Run(store => InMemoryHistory.ReadHistory(store, keys, history => history.After(after, maxCount, maxBytes)));

    public Task<HistoryPage> ReadHistoryBackAsync(RedisKeys keys, long before, int maxCount, int maxBytes) =>
        Run(store => InMemoryHistory.ReadHistory(store, keys, history => history.Before(before, maxCount, maxBytes)));

    public Task<long> WriteMembersAsync(RedisKeys keys, MembersWrite order) => Run(store =>
    {
        if (order.Anew) store.Keys.Remove(keys.Members);
        if (order.Set.Count == 0 && store.Keys.Find(keys.Members) is null) return 0L;

        var hash = store.Keys.FindOrAdd<Dictionary<string, byte[]>>(keys.Members);
        foreach (var (client, value) in order.Set) hash[client] = value;
        foreach (var client in order.Removed) hash.Remove(client);
        if (hash.Count == 0) store.Keys.Remove(keys.Members);
        else store.Keys.Expire(keys.Members, order.Keep);
        return hash.Count;
    });

    public Task<MembersScan> ReadMembersAsync(RedisKeys keys, ulong cursor) =>
        Run(store => new MembersScan(0, [.. store.Keys.Find<Dictionary<string, byte[]>>(keys.Members) ?? []]));

    public Task<byte[]?> GetAsync(string key) => Run(store => store.Keys.Find<byte[]>(key));

    public Task SetAsync(string key, byte[] value, TimeSpan expires) => Run(store =>
    {
        store.Keys.Set(key, value, expires);
        return true;
    });

    public Task RaiseAsync(string key, long value, TimeSpan expires) => Run(store =>
    {
        var known = store.Keys.Find<byte[]>(key) is { } bytes ? long.Parse(bytes, CultureInfo.InvariantCulture) : 0;
        if (store.Keys.TryGetExpiry(key, out var left) && left > expires) expires = left.Value;
        store.Keys.Set(key, Encoding.ASCII.GetBytes(Math.Max(known, value).ToString(CultureInfo.InvariantCulture)), expires);
        return true;
    });

    public Task<bool> RemoveAsync(string key) => Run(store => store.Keys.Remove(key));

    public Task<bool> HoldLeaseAsync(string key, string holder, TimeSpan duration) => Run(store =>
    {
        if (store.Keys.Find<byte[]>(key) is { } present && Encoding.UTF8.GetString(present) != holder) return false;

        store.Keys.Set(key, Encoding.UTF8.GetBytes(holder), duration);
        return true;
    });

    public Task ReleaseLeaseAsync(string key, string holder) => Run(store =>
        store.Keys.Find<byte[]>(key) is { } present && Encoding.UTF8.GetString(present) == holder && store.Keys.Remove(key));

    public Task<RedisReply> ExecuteAsync(string command, IReadOnlyList<string> arguments, int? maxReply = null) =>
        Run(_ => _commands.Execute(command, arguments, maxReply ?? int.MaxValue));

    /// <summary>For tests: the network to the store breaks.</summary>
    public void Disconnect()
    {
        lock (_store.Gate)
        {
            if (!_connected) return;

            _connected = false;
            foreach (var subscription in _subscriptions.Values)
            {
                StopListening(subscription);
                _collecting.Lost(subscription);
            }

            WakePump();
        }
    }

    /// <summary>For tests: the network works again.</summary>
    public void Reconnect()
    {
        lock (_store.Gate)
        {
            if (_connected) return;

            _connected = true;
            foreach (var subscription in _subscriptions.Values) Confirm(subscription);
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_store.Gate)
        {
            _disposed = true;
            foreach (var subscription in _subscriptions.Values) Drop(subscription);
            _subscriptions.Clear();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>From the store, under its lock.</summary>
    public void Hear(Subscription subscription, Arrival arrival)
    {
        _collecting.Arrived(subscription, arrival);
        WakePump();
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (TakeCollected()) _delivering.Run();
    }

    private bool TakeCollected()
    {
        lock (_store.Gate)
        {
            _pumping = !_collecting.IsEmpty;
            (_collecting, _delivering) = (_delivering, _collecting);
            return _pumping;
        }
    }

    private void WakePump()
    {
        if (_pumping) return;

        _pumping = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Confirm(Subscription subscription)
    {
        subscription.Confirmed = true;
        _store.Listen(subscription.Channel, this, subscription, isMark: false);
        if (subscription.MarkChannel is { } mark) _store.Listen(mark, this, subscription, isMark: true);
        _collecting.Subscribed(subscription);
        WakePump();
    }

    private void Drop(Subscription subscription)
    {
        subscription.End();
        StopListening(subscription);
    }

    private void StopListening(Subscription subscription)
    {
        subscription.Confirmed = false;
        _store.StopListening(subscription.Channel, subscription);
        if (subscription.MarkChannel is { } mark) _store.StopListening(mark, subscription);
    }

    private Task<T> Run<T>(Func<InMemoryStore, T> operation)
    {
        if (!IsConnected) return Task.FromException<T>(new RedisUnavailableException("the embedded store is disconnected"));

        try
        {
            lock (_store.Gate) return Task.FromResult(operation(_store));
        }
        catch (WrongTypeException wrong)
        {
            return Task.FromException<T>(new RedisRefusedException(wrong.Message));
        }
    }
}
