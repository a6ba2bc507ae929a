using System.Globalization;

namespace Broker.Actors.Nodes;

/// <summary>A node that is up, as it stands in Redis; see <c>cluster-seeds.lua</c>.</summary>
/// <param name="Founding">Of the cluster that it is in: which one, and the lower the older.</param>
/// <param name="Node">Which life of which node.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Terms"><see cref="ClusterTerms"/>.</param>
internal sealed record SeedEntry(long Founding, string Node, string Address, string Terms)
{
    /// <returns>Null if it is none.</returns>
    public static SeedEntry? Parse(string text) =>
        text.Split('\n', 4) is [var founding, var node, var address, var terms] && long.TryParse(founding, CultureInfo.InvariantCulture, out var number)
            ? new SeedEntry(number, node, address, terms)
            : null;
}

/// <summary>What a node that is not up yet does next.</summary>
internal abstract record SeedStep
{
    /// <summary>Joins one of these.</summary>
    public sealed record Join(long Founding, IReadOnlyList<string> Addresses) : SeedStep
    {
        public bool Equals(Join? other) => other is not null && Founding == other.Founding && Addresses.SequenceEqual(other.Addresses);

        public override int GetHashCode() => Founding.GetHashCode();
    }

    /// <summary>Joins itself: nobody else does.</summary>
    public sealed record Found(long Founding) : SeedStep;

    /// <summary>Looks again: another node founds the cluster.</summary>
    public sealed record Wait : SeedStep;

    /// <summary>Does not start: a node that is up has other terms.</summary>
    public sealed record Refused(string Terms) : SeedStep;
}

/// <summary>Decides how a node finds its cluster. No Redis and no clock in here.</summary>
internal static class Seeding
{
    /// <param name="terms">The node's own.</param>
    /// <param name="granted">The founding that it may do; 0 for none.</param>
    /// <param name="others">The nodes that are up.</param>
    public static SeedStep Look(string terms, long granted, IReadOnlyList<SeedEntry> others)
    {
        if (others.FirstOrDefault(other => other.Terms != terms) is { } different) return new SeedStep.Refused(different.Terms);
        if (others.Count == 0) return granted == 0 ? new SeedStep.Wait() : new SeedStep.Found(granted);

        // Of two clusters the older one stays.
        var founding = others.Min(other => other.Founding);
        return new SeedStep.Join(founding, [.. others.Where(other => other.Founding == founding).Select(other => other.Address).Order(StringComparer.Ordinal)]);
    }

    /// <summary>A node that is up finds an older cluster beside its own, or came too late to be listed: there are two, and its own is the one that ends.</summary>
    public static bool MustEnd(long founding, bool isListed, IReadOnlyList<SeedEntry> others) => !isListed || others.Any(other => other.Founding < founding);
}
