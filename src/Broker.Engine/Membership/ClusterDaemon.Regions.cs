namespace Broker.Engine;

/// <remarks>The regions of this node: what they see, and what they want done.</remarks>
internal sealed partial class ClusterDaemon
{
    private readonly Dictionary<string, IActorRef> _regions = [];
    private readonly SortedSet<string> _types = [];
    private readonly List<ShardMove> _moves = [];
    private readonly List<string> _claims = [];
    private readonly HashSet<string> _behind = [];

    private void OnAddRegion(AddRegion added)
    {
        _regions[added.Type] = added.Region;
        _types.Add(added.Type);
        Context.WatchWith(added.Region, new RegionStopped(added.Type));
        LookSoon();
        Publish(Now, []);
    }

    private void OnRetireRegion(RetireRegion retired)
    {
        _types.Remove(retired.Type);
        LookSoon();
    }

    private void OnRegionStopped(RegionStopped stopped)
    {
        _regions.Remove(stopped.Type);
        _behind.Remove(stopped.Type);
        LetLeaseCount();
    }

    private void OnLostHaveStopped(LostHaveStopped stopped)
    {
        if (stopped.View == _viewNumber)
        {
            _behind.Remove(stopped.Type);
            LetLeaseCount();
        }
    }

    private void OnOrders(ShardOrders orders)
    {
        // Decided on what is known to be out of date: the region decides anew when it sees the newer view. An order that is on its way
        // to the coordinator is not overtaken so, because the next view comes only with the answer to it.
        if (orders.View != _viewNumber)
        {
            return;
        }

        _moves.AddRange(orders.Moves);
        _claims.AddRange(orders.Claims);
        if (_moves.Count + _claims.Count == 0)
        {
            return;
        }

        if (_wasInVain)
        {
            LookAgainInAWhile();
        }
        else
        {
            LookSoon();
        }
    }

    /// <summary>All regions have seen the newest view, and stopped what it says is others'.</summary>
    private void LetLeaseCount()
    {
        if (_behind.Count == 0)
        {
            _lease.LetCount();
        }
    }

    private sealed record RegionStopped(string Type);

    /// <summary>A type of entities lives on this node; its region wants to see every view.</summary>
    public sealed record AddRegion(string Type, IActorRef Region);

    /// <summary>This node wants no shards of the type any more.</summary>
    public sealed record RetireRegion(string Type);

    /// <summary>What a region wants done after it saw that view.</summary>
    public sealed record ShardOrders(long View, IReadOnlyList<ShardMove> Moves, IReadOnlyList<string> Claims)
        : IDeadLetterSuppression;

    /// <summary>A region has seen that view, and no entity is left in a shard that the view says is another's.</summary>
    public sealed record LostHaveStopped(string Type, long View) : IDeadLetterSuppression;

    /// <summary>A region was sent what it does not know to be its own.</summary>
    public sealed record Misrouted : IDeadLetterSuppression
    {
        public static readonly Misrouted Instance = new();
    }
}
