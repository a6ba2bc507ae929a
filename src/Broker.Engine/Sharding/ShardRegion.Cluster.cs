using System.Collections.Immutable;
using System.Globalization;

namespace Broker.Engine;

/// <summary>The region's part in the cluster.</summary>
internal sealed partial class ShardRegion
{
    private readonly Dictionary<string, IActorRef> _peers = [];
    private ClusterView? _view;
    private ClusterView? _hinted;

    private bool HasNothingToHandOver => _table is null || _table.IsEmpty || _table.IsSuspended;

    private static string NameOf(int shard) => shard.ToString(CultureInfo.InvariantCulture);

    /// <summary>To the entity if the shard is ours, to the node whose it is, or into the buffer.</summary>
    private void Route(int shard, string id, object content, InTransit transit)
    {
        switch (_table!.RouteOf(shard))
        {
            case ShardRoute.Here when !_table.IsSuspended || _entities.Find(id) is not null:
                Deliver(id, content, transit.Message);
                break;
            case ShardRoute.Elsewhere when transit.From != _table.OwnerOf(shard) || _table.IsClosed:
                SendOn(shard, transit);
                break;
            default:
                Wait(shard, transit);
                break;
        }
    }

    private void SendOn(int shard, InTransit transit)
    {
        if (transit.Hops < MaxHops && PeerOf(_table!.OwnerOf(shard)!) is { } peer)
        {
            peer.Tell(new Routed(transit.Hops + 1, Cell.System.Links!.Self.Id, transit.Message), transit.Sender);
        }
        else
        {
            Drop(transit.Message, transit.Sender);
        }
    }

    private void Wait(int shard, InTransit transit)
    {
        if (!_waiting.TryAdd(shard, transit))
        {
            Drop(transit.Message, transit.Sender);
        }
        else if (transit.Hops > 0 && _hinted != _view)
        {
            // Another node takes the shard to be ours: what it knows, we may not yet.
            _hinted = _view;
            Cluster.Get(Cell.System).Daemon?.Tell(ClusterDaemon.Misrouted.Instance, Self);
        }
    }

    private void OnView(ClusterView view)
    {
        if (_table is null)
        {
            return;
        }

        _view = view;
        var living = view.Members.Select(member => member.Identity.Id).ToHashSet();
        foreach (var gone in _peers.Keys.Where(id => !living.Contains(id)).ToList())
        {
            _peers.Remove(gone);
        }

        Act(_table.Look(view));
        foreach (var shard in _waiting.Shards.ToList())
        {
            Flush(shard);
        }

        if (_isShuttingDown && view.IsSuspended)
        {
            // Nobody can be told; the lease runs out, and others take what was ours.
            StopEntities(_entities.All);
        }

        TellLostHaveStopped();
        StopWhenEmpty();
    }

    private void TellLostHaveStopped()
    {
        if (_view is { } view && !_table!.HasLost)
        {
            Cluster.Get(Cell.System).Daemon?.Tell(new ClusterDaemon.LostHaveStopped(ShardTable.KeyOf(_plan.Type, _plan.Shards), view.Number), Self);
        }
    }

    private void Act(ShardDecisions decisions)
    {
        List<ShardMove> moves = [.. decisions.Moves];
        foreach (var shard in decisions.Stop)
        {
            moves.AddRange(StopShard(shard));
        }

        if (moves.Count + decisions.Claims.Count > 0)
        {
            Cluster.Get(Cell.System).Daemon?.Tell(new ClusterDaemon.ShardOrders(_view!.Number, moves, decisions.Claims), Self);
        }
    }

    private IReadOnlyList<ShardMove> StopShard(int shard)
    {
        var entities = _entities.In(NameOf(shard));
        if (entities.Count == 0)
        {
            return _table!.Stopped(shard).Moves;
        }

        foreach (var entity in entities)
        {
            // What was kept for the next incarnation here is for one elsewhere now, before what comes from here on.
            var kept = entity.TakeKept();
            _kept -= kept.Count;
            foreach (var (message, sender) in kept)
            {
                KeepForShard(shard, entity.Id, message, sender);
            }
        }

        StopEntities(entities);
        Timers.StartSingleTimer(shard, new HandOverTimeout(shard), _plan.HandOverTimeout);
        return [];
    }

    /// <summary>It has been taken out of its envelope already; so it is put into one again.</summary>
    private void KeepForShard(int shard, string id, object content, IActorRef sender)
    {
        object message = IsForItself(content, id) ? content : new ShardingEnvelope(id, content);
        if (!_waiting.TryAdd(shard, new InTransit(message, sender, 0, "")))
        {
            Drop(content, sender);
        }
    }

    private bool IsForItself(object content, string id) => TryExtract(content, out var found, out var inner) && found == id && ReferenceEquals(inner, content);

    private void OnHandOverTimeout(HandOverTimeout timeout)
    {
        var late = _entities.In(NameOf(timeout.Shard));
        Cell.System.Log.Warning($"{late.Count} entities of shard {timeout.Shard} of {_plan.Type} did not stop in time; they are stopped");
        foreach (var entity in late)
        {
            Context.Stop(entity.Actor);
        }
    }

    private bool MayStart(string shardId) => _table is null
        ? !_isShuttingDown
        : int.TryParse(shardId, CultureInfo.InvariantCulture, out var shard) && _table.RouteOf(shard) == ShardRoute.Here && !_table.IsSuspended;

    /// <summary>If that was the last entity of a shard that was to stop, it goes on.</summary>
    private void AfterStop(string shardId)
    {
        if (_table is null || _entities.In(shardId).Count > 0 || !int.TryParse(shardId, CultureInfo.InvariantCulture, out var shard))
        {
            return;
        }

        Timers.Cancel(shard);
        var hadLost = _table.HasLost;
        Act(_table.Stopped(shard));
        Flush(shard);
        if (hadLost)
        {
            TellLostHaveStopped();
        }
    }

    /// <summary>What waited for a shard goes where the shard is, if that is known by now.</summary>
    private void Flush(int shard)
    {
        var route = _table!.RouteOf(shard);
        if (route == ShardRoute.Wait || (route == ShardRoute.Here && _table.IsSuspended))
        {
            return;
        }

        foreach (var transit in _waiting.Take(shard))
        {
            if (route == ShardRoute.Elsewhere)
            {
                SendOn(shard, transit);
            }
            else if (TryExtract(transit.Message, out var id, out var content))
            {
                DeliverWaiting(id, content, transit);
            }
        }
    }

    private void DeliverWaiting(string id, object content, InTransit transit)
    {
        if (_entities.Find(id) is { IsPassivating: true } passivating)
        {
            passivating.Keep(content, transit.Sender);
            _kept++;
        }
        else if ((_entities.Find(id) ?? Start(id, transit.Message)) is { } entity)
        {
            entity.Actor.Tell(content, transit.Sender);
        }
        else
        {
            Drop(content, transit.Sender);
        }
    }

    private void Retire()
    {
        _table!.IsRetiring = true;
        Cluster.Get(Cell.System).Daemon?.Tell(new ClusterDaemon.RetireRegion(ShardTable.KeyOf(_plan.Type, _plan.Shards)), Self);
        if (_view is { } view)
        {
            OnView(view);
        }
    }

    private IActorRef? PeerOf(string node)
    {
        if (_peers.TryGetValue(node, out var known))
        {
            return known;
        }

        if (_view?.Members.FirstOrDefault(member => member.Identity.Id == node) is not { } member)
        {
            return null;
        }

        return _peers[node] = PeerAt(member.Identity.Address);
    }

    /// <summary>The region of the same type on another node: the same path, whatever its incarnation.</summary>
    private RemoteActorRef PeerAt(Address address) =>
        new(Cell.System.Links!, Self.Path.Elements.Aggregate((ActorPath)new RootActorPath(address), (path, name) => path.Child(name)));

    private void OnGetState(GetShardRegionState query) => Sender.Tell(new CurrentShardRegionState(
        [.. _entities.Shards.Select(shard => new ShardState(shard.ShardId, shard.Entities.Select(entity => entity.Id).ToImmutableHashSet()))]));

    private void OnStatsQuery(StatsQuery query) => Sender.Tell(new StatsAnswer(Stats()));

    private void OnGetStats(GetClusterShardingStats query)
    {
        var self = Cell.System.Provider.DefaultAddress;
        var key = ShardTable.KeyOf(_plan.Type, _plan.Shards);
        var others = _view?.Members
            .Where(member => member.Types.Contains(key) && !member.Identity.Address.Equals(self))
            .Select(member => (IActorRef)PeerAt(member.Identity.Address))
            .ToList() ?? [];
        var asker = Sender;
        var known = ImmutableDictionary<Address, ShardRegionStats>.Empty.Add(self, new ShardRegionStats(Stats()));
        Context.ActorOf(Props.Create(() => new StatsCollector(asker, known, others, query.Timeout)));
    }

    private ImmutableDictionary<string, int> Stats() =>
        _entities.Shards.ToImmutableDictionary(shard => shard.ShardId, shard => shard.Entities.Count);
}

/// <summary>Asks the regions of the other nodes for their numbers; answers with what has come when all have or the time is over.</summary>
internal sealed class StatsCollector : ReceiveActor
{
    private readonly IActorRef _asker;
    private ImmutableDictionary<Address, ShardRegionStats> _known;
    private int _missing;

    public StatsCollector(IActorRef asker, ImmutableDictionary<Address, ShardRegionStats> known, List<IActorRef> others, TimeSpan timeout)
    {
        (_asker, _known, _missing) = (asker, known, others.Count);
        Receive<StatsAnswer>(OnAnswer);
        Receive<ReceiveTimeout>(_ => Finish());
        foreach (var other in others)
        {
            other.Tell(StatsQuery.Instance, Self);
        }

        Context.SetReceiveTimeout(timeout);
        FinishIfComplete();
    }

    private void OnAnswer(StatsAnswer answer)
    {
        _known = _known.SetItem(Sender.Path.Address, new ShardRegionStats(answer.Stats));
        _missing--;
        FinishIfComplete();
    }

    private void FinishIfComplete()
    {
        if (_missing == 0)
        {
            Finish();
        }
    }

    private void Finish()
    {
        _asker.Tell(new ClusterShardingStats(_known), Context.Parent);
        Context.Stop(Self);
    }
}
