using System.Globalization;

namespace Broker.Engine;

/// <summary>Which node, and which of its lives: <paramref name="Uid"/> is new at every start.</summary>
internal sealed record NodeIdentity(Address Address, long Uid) : IComparable<NodeIdentity>
{
    /// <summary>What the coordinator knows it by.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Uid:x16}");

    public UniqueAddress UniqueAddress => new(Address, (int)Uid);

    public static long NewUid() => Random.Shared.NextInt64(1, long.MaxValue);

    public int CompareTo(NodeIdentity? other) => other is null ? 1 : Uid.CompareTo(other.Uid);

    public override string ToString() => $"{Address}#{Id}";
}
