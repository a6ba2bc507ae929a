using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Nodes;

/// <summary>
/// Keeps a second node that is no member of a cluster from owning the same histories: two owners of a channel would take it from each other without end. Nodes without history need no
/// lease, they work side by side like the classic servers.
/// </summary>
internal sealed class HistoryLease : IAsyncDisposable
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    private readonly BrokerServices _services;
    private readonly string _key;
    private readonly string _holder = Epochs.New();
    private readonly CancellationTokenSource _stop = new();
    private Task _renewing = Task.CompletedTask;

    private HistoryLease(BrokerServices services)
    {
        _services = services;
        _key = (services.Settings.Prefix.Length == 0 ? "" : services.Settings.Prefix + ":") + "broker:history-owner";
    }

    /// <summary>Null where no lease is needed. Waits for the lease of a node that has died to run out.</summary>
    /// <exception cref="BrokerStartException">Another node holds it, or Redis refuses it.</exception>
    public static async Task<HistoryLease?> TakeAsync(BrokerServices services)
    {
        if (services.Settings.History.Count == 0) return null;

        var lease = new HistoryLease(services);
        var deadline = services.Time.GetUtcNow() + Duration + TimeSpan.FromSeconds(1);
        while (await lease.TryTakeAsync() == false)
        {
            if (services.Time.GetUtcNow() > deadline)
                throw new BrokerStartException(
                    "another node with history uses this Redis and prefix: switch broker.history off on one of them, or give it another broker.prefix");

            await Task.Delay(TimeSpan.FromMilliseconds(250), services.Time);
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
            await _services.Bus.ReleaseLeaseAsync(_key, _holder);
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
        {
            // It runs out by itself.
        }

        _stop.Dispose();
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(Duration / 3, _services.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
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
            if (await HoldAsync() == false)
                _services.Log.LogError("Another node with history uses this Redis and prefix; channels with history will move between the two");
        }
        catch (RedisRefusedException refused)
        {
            // It may allow it again: tried on, so that no other node takes the histories for free.
            _services.Log.LogError("Redis refuses the lease of this node's histories: {Reason}", refused.Message);
        }
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

    /// <summary>Null when Redis cannot be asked: then it cannot be used by anybody either, and the owner tokens guard what it holds.</summary>
    private async Task<bool?> HoldAsync()
    {
        try
        {
            return await _services.Bus.HoldLeaseAsync(_key, _holder, Duration);
        }
        catch (RedisUnavailableException)
        {
            return null;
        }
    }
}
