using System.Globalization;

namespace Broker.Actors.Nodes;

/// <summary>The cluster as one node sees it at one moment: numbers and addresses. No channel is named, and no key.</summary>
/// <param name="Id">Which life of this node it is; null before it is a member.</param>
/// <param name="Address">Where other nodes reach it; null for a node alone.</param>
/// <param name="IsMember">It may own channels now.</param>
/// <param name="Members">Who is in the cluster as far as this node knows, itself among them.</param>
/// <param name="Lease">Its lease in Redis; null where there is none: a node alone, and Akka.NET.</param>
/// <param name="HandOvers">What became of its shards since it started; null as above.</param>
/// <param name="Links">What went over its links since it started; null as above.</param>
public sealed record ClusterReport(
    string? Id, string? Address, bool IsMember, IReadOnlyList<MemberReport> Members, LeaseReport? Lease, HandOverReport? HandOvers, LinksReport? Links)
{
    /// <summary>With how many channels each member owns, and how many shards it has where that is not known yet. Who did not answer is left as it is.</summary>
    internal ClusterReport With(ClusterShardingStats stats)
    {
        var regions = stats.Regions.ToDictionary(region => Spell(region.Key) ?? "", region => region.Value.Stats);
        return this with { Members = [.. Members.Select(member => regions.TryGetValue(member.Address ?? "", out var shards) ? Fill(member, shards) : member)] };
    }

    internal static string? Spell(Address address) => address.Host is null ? null : string.Create(CultureInfo.InvariantCulture, $"{address.Host}:{address.Port}");

    internal static string Spell(int uid) => uid.ToString("x8", CultureInfo.InvariantCulture);

    private static MemberReport Fill(MemberReport member, IReadOnlyDictionary<string, int> shards) =>
        member with { Channels = shards.Values.Sum(), Shards = member.Shards ?? shards.Count };
}

/// <summary>A member.</summary>
/// <param name="Id">Which of its lives.</param>
/// <param name="Address">Where other nodes reach it; null for a node alone.</param>
/// <param name="Status">joining, up, leaving, exiting, down or removed; unreachable, where Akka.NET says so.</param>
/// <param name="Shards">How many shards it has; null if it is not known.</param>
/// <param name="Channels">How many channels it owns; null if it did not answer.</param>
/// <param name="Link">The link to it; null for the node itself, and on Akka.NET.</param>
public sealed record MemberReport(string Id, string? Address, string Status, int? Shards, int? Channels, LinkReport? Link);

/// <summary>The link to a member.</summary>
/// <param name="IsUp">It is there.</param>
/// <param name="WaitingBytes">What waits to be sent.</param>
public sealed record LinkReport(bool IsUp, long WaitingBytes);

/// <summary>All links of a node.</summary>
/// <param name="SentBytes">Bytes that were sent.</param>
/// <param name="Sent">Messages that were sent.</param>
/// <param name="Received">Messages that came.</param>
/// <param name="Dropped">Messages that found no room or no node. What they were for is asked for again.</param>
/// <param name="Refused">Strangers that were cut off.</param>
public sealed record LinksReport(long SentBytes, long Sent, long Received, long Dropped, long Refused);

/// <summary>A node's lease.</summary>
/// <param name="IsHeld">Nobody else can have been given what the node owns.</param>
/// <param name="Renewals">How often it was granted.</param>
/// <param name="AgeSeconds">How long ago it was asked for when it was granted last; null before the first time.</param>
public sealed record LeaseReport(bool IsHeld, long Renewals, double? AgeSeconds);

/// <summary>What became of a node's shards.</summary>
/// <param name="Given">Shards that it handed to others.</param>
/// <param name="Taken">Shards that came from others.</param>
/// <param name="TakenFromDead">Of these, those of a node that had died.</param>
/// <param name="LastFailOver">When the last of those came, UTC; null if none did.</param>
public sealed record HandOverReport(long Given, long Taken, long TakenFromDead, DateTime? LastFailOver);
