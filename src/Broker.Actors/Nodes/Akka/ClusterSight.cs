namespace Broker.Actors.Nodes;

/// <summary>What a node sees of its cluster, on Akka.NET: as far as its public API tells.</summary>
internal static class ClusterSight
{
    /// <summary>All but how many shards and channels each member has.</summary>
    public static ClusterReport Look(ActorSystem system, bool isMember)
    {
        var cluster = Cluster.Get(system);
        var state = cluster.State;
        return new ClusterReport(
            ClusterReport.Spell(cluster.SelfUniqueAddress.Uid),
            ClusterReport.Spell(cluster.SelfAddress),
            isMember,
            [.. state.Members.Select(member => Report(member, isReached: !state.Unreachable.Contains(member)))],
            null,
            null,
            null);
    }

    private static MemberReport Report(Member member, bool isReached) => new(
        ClusterReport.Spell(member.UniqueAddress.Uid),
        ClusterReport.Spell(member.Address),
        isReached ? member.Status.ToString().ToLowerInvariant() : "unreachable",
        Shards: null,
        Channels: null,
        Link: null);
}
