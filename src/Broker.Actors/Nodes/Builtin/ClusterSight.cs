using Broker.Engine;

namespace Broker.Actors.Nodes;

/// <summary>What a node sees of its cluster, on the built-in engine.</summary>
internal static class ClusterSight
{
    /// <summary>All but how many channels each member owns.</summary>
    public static ClusterReport Look(ActorSystem system, bool isMember)
    {
        var cluster = Cluster.Get(system);
        if (system.Settings.Config.GetString("akka.actor.provider") != "cluster") return Alone(cluster, isMember);

        var figures = cluster.Figures;
        var self = cluster.SelfAddress;
        return new ClusterReport(
            figures.Members.FirstOrDefault(member => member.Address.Equals(self))?.Id,
            ClusterReport.Spell(self),
            isMember,
            [.. figures.Members.Select(Report)],
            new LeaseReport(figures.HoldsLease, figures.LeaseRenewals, figures.LeaseAge?.TotalSeconds),
            new HandOverReport(figures.ShardsGiven, figures.ShardsTaken, figures.ShardsTakenFromDead, figures.LastFailOver),
            new LinksReport(figures.Links.SentBytes, figures.Links.SentFrames, figures.Links.ReceivedFrames, figures.Links.Dropped, figures.Links.Refused));
    }

    private static MemberReport Report(MemberFigures member) => new(
        member.Id,
        ClusterReport.Spell(member.Address),
        member.Status.ToString().ToLowerInvariant(),
        member.Shards,
        Channels: null,
        member.IsLinked is { } linked ? new LinkReport(linked, member.WaitingBytes) : null);

    private static ClusterReport Alone(Cluster cluster, bool isMember)
    {
        var id = ClusterReport.Spell(cluster.SelfUniqueAddress.Uid);
        return new ClusterReport(id, Address: null, isMember, [new MemberReport(id, null, "up", NodeActors.Shards, null, null)], null, null, null);
    }
}
