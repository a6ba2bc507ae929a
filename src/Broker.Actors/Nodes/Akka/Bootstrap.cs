using System.Diagnostics;
using Broker.Actors.Redis;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Nodes;

/// <summary>
/// Brings a node of Akka.NET into its cluster: one that is up if there is any, else one that it founds, or that another founds just now. While it is up it stands in Redis, for
/// others to join.
/// </summary>
/// <remarks>
/// Two clusters may come to be where a node is cut off from Redis just after it was given the right to found one, or where all entries are lost while Redis cannot be reached by
/// those who had them. A node finds out with its next renewal, and ends if its cluster is the one that is not listed, or the younger one. Until then both have owners for the same
/// channels; the owner token of each channel keeps its history in order.
/// </remarks>
internal sealed class Bootstrap
{
    private readonly Cluster _cluster;
    private readonly SeedList _list;
    private readonly string _terms;
    private readonly TimeSpan _lease;
    private readonly ILogger _log;
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isInTrouble;

    public Bootstrap(Cluster cluster, RunScript run, string name, string terms, TimeSpan lease, ILogger log)
    {
        (_cluster, _terms, _lease, _log) = (cluster, terms, lease, log);
        _list = new SeedList(run, name, $"{cluster.SelfUniqueAddress.Uid:x8}", cluster.SelfAddress.ToString(), terms, lease);
        cluster.RegisterOnMemberUp(() => _up.TrySetResult());
    }

    /// <summary>Completes when the node is up, and others may join it.</summary>
    public Task Joined => _joined.Task;

    /// <summary>Joins, and keeps the node listed until it is stopped.</summary>
    /// <exception cref="BrokerStartException">The node cannot be a member, or not any more.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            var founding = await JoinAsync(stop);
            await StayListedAsync(founding, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await TryAsync(async () =>
            {
                await _list.LeaveAsync();
                return true;
            });
        }
    }

    private async Task<long> JoinAsync(CancellationToken stop)
    {
        SeedStep? current = null;
        while (!_up.Task.IsCompleted)
        {
            var asked = Stopwatch.GetTimestamp();
            var step = await TryAsync(_list.LookAsync);
            if (step is SeedStep.Refused refused) throw Refusal(refused);

            // A right to found that was long on its way may be another's by now.
            var isFresh = step is SeedStep.Join || (step is SeedStep.Found && Stopwatch.GetElapsedTime(asked) < _lease / 2);
            if (isFresh && !step!.Equals(current))
            {
                current = step;
                Join(step);
            }

            await Task.WhenAny(_up.Task, Task.Delay(_lease / 10, stop));
            stop.ThrowIfCancellationRequested();
        }

        return current switch
        {
            SeedStep.Found founded => founded.Founding,
            SeedStep.Join joined => joined.Founding,
            _ => throw new BrokerStartException("This node was made a member of a cluster by somebody else."),
        };
    }

    private BrokerStartException Refusal(SeedStep.Refused refused) =>
        new(ClusterTerms.Refusal($"This node cannot be a member of the cluster: its terms are [{_terms}], those of the members [{refused.Terms}]."));

    private void Join(SeedStep step)
    {
        if (step is SeedStep.Join join) _cluster.JoinSeedNodes(join.Addresses.Select(Address.Parse));
        else _cluster.Join(_cluster.SelfAddress);
    }

    private async Task StayListedAsync(long founding, CancellationToken stop)
    {
        while (true)
        {
            if (await TryAsync<bool?>(async () => await _list.ListAsync(founding)) is { } mayStay)
            {
                if (!mayStay) throw new BrokerStartException("This node is in a cluster of its own beside the one that the others are in. Started again it joins them.");
                _joined.TrySetResult();
            }

            await Task.Delay(_isInTrouble ? _lease / 10 : _lease / 3, stop);
        }
    }

    /// <returns>Nothing if Redis cannot be asked.</returns>
    private async Task<T?> TryAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            var answer = await ask();
            _isInTrouble = false;
            return answer;
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
        {
            if (!_isInTrouble) _log.LogWarning("The nodes of the cluster cannot be looked up in Redis: {Reason}", fault.Message);
            _isInTrouble = true;
            return default;
        }
    }
}
