using System.Collections.Immutable;

namespace Broker.Engine;

/// <summary>Where a node is, and which of its lives.</summary>
public class UniqueAddress : IComparable<UniqueAddress>, IEquatable<UniqueAddress>
{
    /// <summary>A node's address and the number of its life.</summary>
    public UniqueAddress(Address address, int uid)
    {
        Address = address;
        Uid = uid;
    }

    /// <summary>Where it is.</summary>
    public Address Address { get; }

    /// <summary>New at every start.</summary>
    public int Uid { get; }

    /// <inheritdoc/>
    public int CompareTo(UniqueAddress? uniqueAddress)
    {
        var byAddress = Address.CompareTo(uniqueAddress?.Address);
        return byAddress != 0 || uniqueAddress is null ? byAddress : Uid.CompareTo(uniqueAddress.Uid);
    }

    /// <inheritdoc/>
    public bool Equals(UniqueAddress? other) => other is not null && Uid == other.Uid && Address.Equals(other.Address);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as UniqueAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => Uid;

    /// <inheritdoc/>
    public override string ToString() => $"UniqueAddress: ({Address}, {Uid})";
}

/// <summary>How far a node has come in the cluster.</summary>
public enum MemberStatus
{
    /// <summary>Has not got a lease yet.</summary>
    Joining,

    /// <summary>Takes part.</summary>
    Up,

    /// <summary>Hands its shards over.</summary>
    Leaving,

    /// <summary>Has handed them over.</summary>
    Exiting,

    /// <summary>Its lease ran out, or it was sent away.</summary>
    Down,

    /// <summary>Gone.</summary>
    Removed,
}

/// <summary>A node of the cluster.</summary>
public class Member : IComparable<Member>
{
    internal Member(NodeIdentity identity, MemberStatus status)
    {
        Identity = identity;
        Status = status;
    }

    /// <summary>Where it is.</summary>
    public Address Address => Identity.Address;

    /// <summary>Where it is, and which of its lives.</summary>
    public UniqueAddress UniqueAddress => Identity.UniqueAddress;

    /// <summary>How far it has come.</summary>
    public MemberStatus Status { get; }

    /// <summary>None: all nodes are alike.</summary>
    public ImmutableHashSet<string> Roles => [];

    internal NodeIdentity Identity { get; }

    /// <summary>False: all nodes are alike.</summary>
    public bool HasRole(string role) => false;

    /// <inheritdoc/>
    public int CompareTo(Member? other) => UniqueAddress.CompareTo(other?.UniqueAddress);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Member other && UniqueAddress.Equals(other.UniqueAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => UniqueAddress.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"Member(address = {Address}, Uid={UniqueAddress.Uid}, status = {Status})";

    internal Member With(MemberStatus status) => new(Identity, status);
}
