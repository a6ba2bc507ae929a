namespace Broker.Engine;

/// <summary>The cluster in numbers, as one node sees it at one moment.</summary>
/// <param name="HoldsLease"><see cref="Cluster.HoldsLease"/>.</param>
/// <param name="LeaseRenewals">Granted since the node started.</param>
/// <param name="LeaseAge">Since the last granted renewal was sent; null before the first.</param>
/// <param name="ShardsGiven">Shards that were this node's and went to another while it held its lease.</param>
/// <param name="ShardsTaken">Shards that came from another node.</param>
/// <param name="ShardsTakenFromDead">Of these, those of a node that had died.</param>
/// <param name="LastFailOver">When the last of those came, UTC; null if none did.</param>
/// <param name="Members">Those alive as far as known, this node among them.</param>
/// <param name="Links">What went over the links.</param>
internal sealed record ClusterFigures(
    bool HoldsLease,
    long LeaseRenewals,
    TimeSpan? LeaseAge,
    long ShardsGiven,
    long ShardsTaken,
    long ShardsTakenFromDead,
    DateTime? LastFailOver,
    IReadOnlyList<MemberFigures> Members,
    LinkCounters Links)
{
    public static ClusterFigures Of(Cluster cluster, Links? links, TimeSpan? leaseAge)
    {
        var counters = cluster.Counters;
        return new ClusterFigures(
            cluster.HoldsLease,
            counters.Renewals,
            leaseAge,
            counters.Given,
            counters.Taken,
            counters.TakenFromDead,
            counters.LastFailOver,
            links is null || cluster.View is not { } view ? [] : MembersOf(view, links),
            links?.Counters ?? new LinkCounters());
    }

    private static List<MemberFigures> MembersOf(ClusterView view, Links links)
    {
        var shards = view.Table.Values.CountBy(node => node).ToDictionary();
        var nodes = links.Nodes.ToDictionary(node => node.Address);
        return
        [
            .. view.Members.Select(member => new MemberFigures(
                member.Identity.Address,
                member.Identity.Id,
                member.Status,
                shards.GetValueOrDefault(member.Identity.Id),
                member.Identity.Id == view.Self.Id ? null : nodes.GetValueOrDefault(member.Identity.Address)?.IsLinked ?? false,
                nodes.GetValueOrDefault(member.Identity.Address)?.Queue.Bytes ?? 0)),
        ];
    }
}

/// <param name="Address">Where it is.</param>
/// <param name="Id">Which of its lives.</param>
/// <param name="Status">How far it has come.</param>
/// <param name="Shards">How many shards the table gives it.</param>
/// <param name="IsLinked">Whether there is a link to it; null for this node itself.</param>
/// <param name="WaitingBytes">What waits to be sent to it.</param>
internal sealed record MemberFigures(Address Address, string Id, MemberStatus Status, int Shards, bool? IsLinked, long WaitingBytes);

/// <summary>What happened to a node's lease and shards since it started. Its daemon counts, anybody reads.</summary>
internal sealed class ClusterCounters
{
    private long _renewals;
    private long _given;
    private long _taken;
    private long _takenFromDead;
    private long _lastFailOver;

    public long Renewals => Volatile.Read(ref _renewals);

    public long Given => Volatile.Read(ref _given);

    public long Taken => Volatile.Read(ref _taken);

    public long TakenFromDead => Volatile.Read(ref _takenFromDead);

    public DateTime? LastFailOver => Volatile.Read(ref _lastFailOver) is var ticks and > 0 ? new DateTime(ticks, DateTimeKind.Utc) : null;

    public void CountRenewal() => Interlocked.Increment(ref _renewals);

    /// <param name="traffic">What a newer table shows.</param>
    /// <param name="hadLease">Otherwise what went to others was not given but lost.</param>
    public void Count(ShardTraffic traffic, bool hadLease)
    {
        Interlocked.Add(ref _given, hadLease ? traffic.Given : 0);
        Interlocked.Add(ref _taken, traffic.Taken);
        if (traffic.TakenFromDead > 0)
        {
            Interlocked.Add(ref _takenFromDead, traffic.TakenFromDead);
            Volatile.Write(ref _lastFailOver, DateTime.UtcNow.Ticks);
        }
    }
}

/// <summary>How many shards went from and to a node between two tables. Those that nobody had before, or has now, do not count.</summary>
internal readonly record struct ShardTraffic(int Given, int Taken, int TakenFromDead)
{
    public static ShardTraffic Between(
        IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after, string self, Func<string, bool> hasDied)
    {
        var (given, taken, fromDead) = (0, 0, 0);
        foreach (var (shard, owner) in after)
        {
            if (!before.TryGetValue(shard, out var former) || former == owner)
            {
                continue;
            }

            given += former == self ? 1 : 0;
            taken += owner == self ? 1 : 0;
            fromDead += owner == self && hasDied(former) ? 1 : 0;
        }

        return new ShardTraffic(given, taken, fromDead);
    }
}
