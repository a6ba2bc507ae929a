using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;

namespace Broker.Actors.Tests.Nodes;

/// <summary>A bus whose next call of a kind can be made to throw on the caller's thread, as a bug would.</summary>
internal sealed class FaultyBus(IRedisBus inner) : IRedisBus
{
    private string? _throws;
    private IRedisBus? _detour;
    private Func<Task>? _beforeTakeOver;
    private IRedisBus? _takesOver;
    private Action? _subscribeKept;
    private object? _appendFails;

    public bool IsConnected => inner.IsConnected;

    public bool IsCluster
    {
        get
        {
            Fault(nameof(IsCluster));
            return inner.IsCluster;
        }
    }

    /// <summary>Subscriptions are not confirmed, though Redis can be reached.</summary>
    public bool KeepsSubscriptionsWaiting { get; set; }

    /// <summary>Reading a history fails with this.</summary>
    public Exception? HistoryFault { get; set; }

    /// <summary>As if Redis did not answer.</summary>
    public bool CannotAskForLeases { get; set; }

    public int RefusedLeases { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>How often the subscription's connection was asked.</summary>
    public int Fences { get; private set; }

    /// <summary>Has it thrown?</summary>
    public bool HasThrown => Volatile.Read(ref _throws) is null;

    public void ThrowOnceFrom(string method) => Volatile.Write(ref _throws, string.Intern(method));

    /// <summary>The next publish is carried out over another connection while the subscription is lost: nobody here gets a copy.</summary>
    public void LoseCopiesOfNextPublish(IRedisBus detour) => Volatile.Write(ref _detour, detour);

    /// <summary>The next append is not answered in time, carried out or not.</summary>
    public void FailNextAppend(bool carriedOut) => Volatile.Write(ref _appendFails, carriedOut);

    /// <summary>Subscriptions that were kept waiting come through.</summary>
    public void LetSubscriptionsThrough()
    {
        KeepsSubscriptionsWaiting = false;
        Interlocked.Exchange(ref _subscribeKept, null)?.Invoke();
    }

    public void Disconnect() => ((InMemoryBus)inner).Disconnect();

    public void Reconnect() => ((InMemoryBus)inner).Reconnect();

    /// <summary>Something that happens between an owner's subscription and its take-over.</summary>
    public void BeforeNextTakeOver(Func<Task> action) => Volatile.Write(ref _beforeTakeOver, action);

    /// <summary>The next take-over is carried out by another Redis than the one that has the subscriptions.</summary>
    public void TakeOverNextOn(IRedisBus other) => Volatile.Write(ref _takesOver, other);

    public Task PingAsync() => inner.PingAsync();

    public void Subscribe(string channel, string? markChannel, IArrivals arrivals)
    {
        Fault(nameof(Subscribe));
        if (KeepsSubscriptionsWaiting) _subscribeKept += () => inner.Subscribe(channel, markChannel, arrivals);
        else inner.Subscribe(channel, markChannel, arrivals);
    }

    public void Unsubscribe(string channel, IArrivals arrivals)
    {
        inner.Unsubscribe(channel, arrivals);
        Fault(nameof(Unsubscribe));
    }

    public void Fence(string channel, long ticket)
    {
        Fault(nameof(Fence));
        Fences++;
        inner.Fence(channel, ticket);
    }

    public Task PublishAsync(RedisKeys keys, IReadOnlyList<OutgoingPublication> publications)
    {
        Fault(nameof(PublishAsync));
        if (Interlocked.Exchange(ref _detour, null) is { } detour)
        {
            Disconnect();
            var published = detour.PublishAsync(keys, publications);
            Reconnect();
            return published;
        }

        return inner.PublishAsync(keys, publications);
    }

    public Task<LastValue> ReadLastAsync(RedisKeys keys)
    {
        Fault(nameof(ReadLastAsync));
        return inner.ReadLastAsync(keys);
    }

    public Task<bool> RemoveLastAsync(RedisKeys keys) => inner.RemoveLastAsync(keys);

    public Task<StreamPosition?> ReadPositionAsync(RedisKeys keys) => inner.ReadPositionAsync(keys);

    public Task<TakenOver> TakeOverAsync(RedisKeys keys, TakeOver order)
    {
        Fault(nameof(TakeOverAsync));
        if (Interlocked.Exchange(ref _takesOver, null) is { } other) return other.TakeOverAsync(keys, order);

        return Interlocked.Exchange(ref _beforeTakeOver, null) is { } before ? LateAsync() : inner.TakeOverAsync(keys, order);

        async Task<TakenOver> LateAsync()
        {
            await before();
            return await inner.TakeOverAsync(keys, order);
        }
    }

    public Task<Appended> AppendAsync(RedisKeys keys, Append order)
    {
        Fault(nameof(AppendAsync));
        return Interlocked.Exchange(ref _appendFails, null) is bool carriedOut ? UnansweredAsync() : inner.AppendAsync(keys, order);

        async Task<Appended> UnansweredAsync()
        {
            if (carriedOut) await inner.AppendAsync(keys, order);
            throw new RedisUnavailableException("Redis does not answer in time");
        }
    }

    public Task<HistoryPage> ReadHistoryAsync(RedisKeys keys, long after, int maxCount, int maxBytes) =>
        HistoryFault is { } fault ? Task.FromException<HistoryPage>(fault) : inner.ReadHistoryAsync(keys, after, maxCount, maxBytes);

    public Task<long> WriteMembersAsync(RedisKeys keys, MembersWrite order) => inner.WriteMembersAsync(keys, order);

    public Task<MembersScan> ReadMembersAsync(RedisKeys keys, ulong cursor) => inner.ReadMembersAsync(keys, cursor);

    public Task<HistoryPage> ReadHistoryBackAsync(RedisKeys keys, long before, int maxCount, int maxBytes) =>
        HistoryFault is { } fault ? Task.FromException<HistoryPage>(fault) : inner.ReadHistoryBackAsync(keys, before, maxCount, maxBytes);

    public Task<byte[]?> GetAsync(string key) => inner.GetAsync(key);

    public Task SetAsync(string key, byte[] value, TimeSpan expires) => inner.SetAsync(key, value, expires);

    public Task RaiseAsync(string key, long value, TimeSpan expires) => inner.RaiseAsync(key, value, expires);

    public Task<bool> RemoveAsync(string key) => inner.RemoveAsync(key);

    public async Task<bool> HoldLeaseAsync(string key, string holder, TimeSpan duration)
    {
        if (CannotAskForLeases) throw new RedisUnavailableException("Redis does not answer in time");
        try
        {
            return await inner.HoldLeaseAsync(key, holder, duration);
        }
        catch (RedisRefusedException)
        {
            RefusedLeases++;
            throw;
        }
    }

    public Task ReleaseLeaseAsync(string key, string holder)
    {
        Fault(nameof(ReleaseLeaseAsync));
        return inner.ReleaseLeaseAsync(key, holder);
    }

    public Task<RedisReply> ExecuteAsync(string command, IReadOnlyList<string> arguments, int? maxReply = null) => inner.ExecuteAsync(command, arguments, maxReply);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return inner.DisposeAsync();
    }

    private void Fault(string method)
    {
        if (Interlocked.CompareExchange(ref _throws, null, method) == method) throw new InvalidOperationException($"a bug in {method}");
    }
}
