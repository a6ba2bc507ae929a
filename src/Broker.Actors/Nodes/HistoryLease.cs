using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Nodes;

/// <summary>
/// Keeps nodes that are not one cluster from owning the same histories: two owners of a channel would take it from each other without end. The members of a cluster hold it together.
/// While this node does not hold the lease for certain, its channels with history are not ready. Nodes without history need no lease, they work side by side like the classic servers.
/// </summary>
internal sealed class HistoryLease : IAsyncDisposable
{
    private static readonly TimeSpan DurationAlone = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250);

    private readonly IRedisBus _bus;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly string _key;
    private readonly string _holder;
    private readonly bool _isShared;
    private readonly TimeSpan _duration;
    private readonly CancellationTokenSource _stop = new();
    private Task _renewing = Task.CompletedTask;
    private long _heldUntil;
    private string? _complaint;

    private HistoryLease(IRedisBus bus, BrokerSettings settings, ILogger log, TimeProvider time)
    {
        (_bus, _log, _time) = (bus, log, time);
        _isShared = settings.Cluster.Enabled;
        _duration = _isShared ? settings.Cluster.Lease : DurationAlone;
        _holder = _isShared ? "cluster " + settings.Cluster.Name : Epochs.New();
        _key = (settings.Prefix.Length == 0 ? "" : settings.Prefix + ":") + "broker:history-owner";
    }

    /// <summary>Nobody else can have taken it. It ends by itself when it cannot be renewed, and comes back when it can.</summary>
    public bool IsHeld => Now.Ticks < Interlocked.Read(ref _heldUntil);

    /// <summary>Not the time of day, which may be set: an hour on, and the lease would be lost; an hour back, and held long after it ran out.</summary>
    private TimeSpan Now => _time.GetElapsedTime(0);

    /// <summary>
    /// Null where no lease is needed. Waits for the lease of a node that has died to run out. Where Redis does not answer, the lease is not held yet.
    /// </summary>
    /// <exception cref="BrokerStartException">Another node holds it, or Redis refuses it.</exception>
    public static async Task<HistoryLease?> TakeAsync(IRedisBus bus, BrokerSettings settings, ILogger log, TimeProvider time)
    {
        if (settings.History.Count == 0) return null;

        var lease = new HistoryLease(bus, settings, log, time);
        var deadline = lease.Now + DurationAlone + lease._duration + TimeSpan.FromSeconds(1);
        while (await lease.TryTakeAsync() == false)
        {
            if (lease.Now > deadline)
                throw new BrokerStartException(
                    "another node with history uses this Redis and prefix: make both members of one cluster, switch broker.history off on one of them, or give it another broker.prefix");

            await Task.Delay(Again, time);
        }

        lease._renewing = lease.RenewAsync();
        return lease;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        try
        {
            if (!_isShared) await _bus.ReleaseLeaseAsync(_key, _holder);
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
        {
            // It runs out by itself.
        }

        _stop.Dispose();
    }

    private async Task RenewAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(IsHeld ? _duration / 3 : Again, _time, _stop.Token);
                await RenewOnceAsync();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task RenewOnceAsync()
    {
        try
        {
            if (await HoldAsync() is not { } held) return;

            Complain(held ? null : "Another node with history uses this Redis and prefix: channels with history wait until it stops");
        }
        catch (RedisRefusedException refused)
        {
            // It may allow it again.
            Complain("Redis refuses the lease of this node's histories: " + refused.Message);
        }
    }

    /// <summary>Once for each state.</summary>
    private void Complain(string? complaint)
    {
        if (complaint is not null && complaint != _complaint) _log.LogError("{Complaint}", complaint);
        _complaint = complaint;
    }

    private async Task<bool?> TryTakeAsync()
    {
        try
        {
            return await HoldAsync();
        }
        catch (RedisRefusedException refused)
        {
            throw new BrokerStartException($"Redis refuses the lease that a node with history needs: {refused.Message}");
        }
    }

    /// <summary>Null when Redis cannot be asked: what was held is held until it runs out.</summary>
    private async Task<bool?> HoldAsync()
    {
        var asked = Now;
        try
        {
            var held = await _bus.HoldLeaseAsync(_key, _holder, _duration);
            Interlocked.Exchange(ref _heldUntil, held ? (asked + _duration).Ticks : 0);
            return held;
        }
        catch (RedisUnavailableException)
        {
            return null;
        }
    }
}
