using System.Globalization;

namespace Broker.Actors.Presence;

/// <summary>The nodes that may have members of a channel, by names that no other life of a node has.</summary>
/// <param name="Self">This node.</param>
/// <param name="HasSuccessors">Other nodes may own this one's channels after it, and must know who was there.</param>
/// <param name="Living">All of them that are there, as far as is known now.</param>
internal sealed record ClusterNodes(string Self, bool HasSuccessors, Func<IReadOnlySet<string>> Living)
{
    /// <summary>A node that has its channels for itself.</summary>
    public static readonly ClusterNodes Alone = new("", HasSuccessors: false, static () => new HashSet<string> { "" });

    public static ClusterNodes Of(ActorSystem system)
    {
        var cluster = Cluster.Get(system);
        return new ClusterNodes(
            Spell(cluster.SelfUniqueAddress), HasSuccessors: true, () => cluster.State.Members.Where(IsThere).Select(member => Spell(member.UniqueAddress)).ToHashSet());
    }

    private static bool IsThere(Member member) => member.Status is not (MemberStatus.Down or MemberStatus.Removed);

    private static string Spell(UniqueAddress node) => string.Create(CultureInfo.InvariantCulture, $"{node.Address.Host}:{node.Address.Port}#{node.Uid:x8}");
}
