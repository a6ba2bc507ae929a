using System.Globalization;

namespace Broker.Engine;

/// <summary>What the others know about a node.</summary>
/// <param name="Identity">Who it is.</param>
/// <param name="Status">How far it has come.</param>
/// <param name="Types">The types of entities that it runs, each with its number of shards: <c>name/512</c>.</param>
internal sealed record NodeRecord(NodeIdentity Identity, MemberStatus Status, IReadOnlyList<string> Types)
{
    /// <summary>Extend-only: version, address, uid, status, types.</summary>
    public string ToText() => string.Join(
        '|', "1", Identity.Address, Identity.Id, (int)Status, string.Join(',', Types.Select(Uri.EscapeDataString)));

    /// <returns>Null if it is of a version that this node does not read.</returns>
    public static NodeRecord? Parse(string text)
    {
        var parts = text.Split('|');
        if (parts.Length < 5 || parts[0] != "1" || !Address.TryParse(parts[1], out var address)
            || !long.TryParse(parts[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var uid)
            || !int.TryParse(parts[3], out var status))
        {
            return null;
        }

        var types = parts[4].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString);
        return new NodeRecord(new NodeIdentity(address!, uid), (MemberStatus)status, [.. types]);
    }
}

/// <summary>The members as a node knows them, and what happens to them from one look to the next.</summary>
internal sealed class Roster
{
    private readonly SortedDictionary<string, NodeRecord> _members = new(StringComparer.Ordinal);

    public IReadOnlyCollection<NodeRecord> Members => _members.Values;

    /// <summary>Takes what the coordinator says.</summary>
    /// <param name="living">Those who hold a lease.</param>
    /// <param name="mayBury">Whether a member without a lease is gone; otherwise it may only not have come back yet.</param>
    /// <returns>What happened.</returns>
    public IReadOnlyList<ClusterEvent.IMemberEvent> Look(IReadOnlyList<NodeRecord> living, bool mayBury)
    {
        List<ClusterEvent.IMemberEvent> events = [];
        if (mayBury)
        {
            var gone = _members.Keys.Except(living.Select(node => node.Identity.Id)).ToList();
            foreach (var id in gone)
            {
                events.AddRange(Bury(_members[id]));
                _members.Remove(id);
            }
        }

        foreach (var node in living)
        {
            var before = _members.GetValueOrDefault(node.Identity.Id)?.Status;
            _members[node.Identity.Id] = node;
            if (before == node.Status)
            {
                continue;
            }

            if (node.Status == MemberStatus.Up)
            {
                events.Add(new ClusterEvent.MemberUp(ToMember(node)));
            }
            else if (node.Status is MemberStatus.Leaving && before is not null)
            {
                events.Add(new ClusterEvent.MemberLeft(ToMember(node)));
            }
        }

        return events;
    }

    /// <summary>The member says that it has left: when it is missed, it has not died.</summary>
    public void OnFarewell(string node)
    {
        if (_members.TryGetValue(node, out var member))
        {
            _members[node] = member with { Status = MemberStatus.Exiting };
        }
    }

    public static Member ToMember(NodeRecord record) => new(record.Identity, record.Status);

    private static IEnumerable<ClusterEvent.IMemberEvent> Bury(NodeRecord gone)
    {
        var member = ToMember(gone);
        var hasLeft = gone.Status is MemberStatus.Leaving or MemberStatus.Exiting;
        if (!hasLeft)
        {
            yield return new ClusterEvent.MemberDowned(member.With(MemberStatus.Down));
        }

        yield return new ClusterEvent.MemberRemoved(
            member.With(MemberStatus.Removed), hasLeft ? MemberStatus.Exiting : MemberStatus.Down);
    }
}

/// <summary>The cluster as a node sees it, for its regions.</summary>
/// <param name="Number">Counts the looks.</param>
/// <param name="Self">This node.</param>
/// <param name="Members">Those alive as far as known, this node among them.</param>
/// <param name="Table">Shard → id of the node that has it.</param>
/// <param name="IsSuspended">This node's own lease has run out: nothing of this is known to be so any more.</param>
/// <param name="IsSettled">This node may claim what nobody has: <see cref="Lease.IsSettled"/>.</param>
internal sealed record ClusterView(
    long Number,
    NodeIdentity Self,
    IReadOnlyCollection<NodeRecord> Members,
    IReadOnlyDictionary<string, string> Table,
    bool IsSuspended,
    bool IsSettled)
{
    /// <summary>Ids of nodes that hold a lease, but whose records this node does not understand: no members to it, but what they have is theirs.</summary>
    public IReadOnlyCollection<string> Unreadable { get; init; } = [];
}
