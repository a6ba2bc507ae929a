using System.Buffers;
using System.Text;

namespace Broker.Engine;

/// <summary>Where in its system's tree an actor is: <c>akka://system/user/parent/name</c>, and which incarnation of that name.</summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>
{
    /// <summary>What a path element may hold besides letters, digits and %HH.</summary>
    public static readonly string ValidSymbols = "\"-_.*$+:@&=,!~';()";

    private static readonly SearchValues<char> ValidCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + ValidSymbols);

    private protected ActorPath(string name, long uid)
    {
        Name = name;
        Uid = uid;
    }

    /// <summary>The last element; empty for the root.</summary>
    public string Name { get; }

    /// <summary>Tells one incarnation from the next with the same path; 0 if not known.</summary>
    public long Uid { get; }

    /// <summary>The path without its last element; the root's is itself.</summary>
    public abstract ActorPath Parent { get; }

    /// <summary>The system that the actor is in.</summary>
    public abstract Address Address { get; }

    /// <summary>How many elements there are; 0 for the root.</summary>
    public abstract int Depth { get; }

    /// <summary>The names from below the root to the actor.</summary>
    public IReadOnlyList<string> Elements
    {
        get
        {
            var elements = new string[Depth];
            var path = this;
            for (var i = elements.Length - 1; i >= 0; i--, path = path.Parent)
            {
                elements[i] = path.Name;
            }

            return elements;
        }
    }

    /// <summary>Reads a path, with or without the incarnation (<c>#uid</c>).</summary>
    /// <exception cref="UriFormatException">It is not an absolute path with an address.</exception>
    public static ActorPath Parse(string path) =>
        TryParse(path, out var parsed) ? parsed! : throw new UriFormatException($"Not an actor path: {path}");

    /// <summary>Reads a path, with or without the incarnation (<c>#uid</c>).</summary>
    public static bool TryParse(string path, out ActorPath? actorPath)
    {
        actorPath = null;
        if (!Address.TryParse(path, out var address))
        {
            return false;
        }

        var slash = path.IndexOf('/', path.IndexOf("://", StringComparison.Ordinal) + 3);
        ActorPath result = new RootActorPath(address!);
        foreach (var element in slash < 0 ? [] : path[slash..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var hash = element.IndexOf('#', StringComparison.Ordinal);
            var name = hash < 0 ? element : element[..hash];
            var uid = 0L;
            if (hash >= 0 && !long.TryParse(element.AsSpan(hash + 1), out uid))
            {
                return false;
            }

            result = new ChildActorPath(result, name, uid);
        }

        actorPath = result;
        return true;
    }

    /// <summary>Whether an actor may have that name.</summary>
    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$')
        {
            return false;
        }

        var rest = s.AsSpan();
        while (true)
        {
            var other = rest.IndexOfAnyExcept(ValidCharacters);
            if (other < 0)
            {
                return true;
            }

            if (rest[other..] is not ['%', var high, var low, ..] || !char.IsAsciiHexDigit(high) || !char.IsAsciiHexDigit(low))
            {
                return false;
            }

            rest = rest[(other + 3)..];
        }
    }

    /// <summary>The path of a child.</summary>
    public ActorPath Child(string childName) => new ChildActorPath(this, childName, 0);

    /// <summary>The path without its address: <c>/user/parent/name</c>.</summary>
    public string ToStringWithoutAddress() => Depth == 0 ? "/" : "/" + string.Join('/', Elements);

    /// <summary>The path with the address of the node that it is on; its own, if it names one already.</summary>
    public string ToStringWithAddress(Address address) => (Address.Host is null ? address : Address) + ToStringWithoutAddress();

    /// <summary>The path with its incarnation, as others on this node read it.</summary>
    public string ToSerializationFormat() => ToStringWithUid();

    /// <summary>The path with its incarnation, as other nodes read it.</summary>
    public string ToSerializationFormatWithAddress(Address address) =>
        Uid == 0 ? ToStringWithAddress(address) : $"{ToStringWithAddress(address)}#{Uid}";

    /// <summary>The path with its incarnation: <c>akka://system/user/name#uid</c>.</summary>
    public string ToStringWithUid() => Uid == 0 ? ToString() : $"{this}#{Uid}";

    /// <inheritdoc/>
    public bool Equals(ActorPath? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other is null || Depth != other.Depth || !Address.Equals(other.Address))
        {
            return false;
        }

        ActorPath mine = this, theirs = other;
        for (; mine.Depth > 0; mine = mine.Parent, theirs = theirs.Parent)
        {
            if (mine.Name != theirs.Name)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Depth, Address);

    /// <inheritdoc/>
    public int CompareTo(ActorPath? other) => string.CompareOrdinal(ToString(), other?.ToString());

    /// <inheritdoc/>
    public override string ToString() => new StringBuilder().Append(Address).Append(ToStringWithoutAddress()).ToString();
}

/// <summary>The top of a system.</summary>
internal sealed class RootActorPath(Address address) : ActorPath("", 0)
{
    public override ActorPath Parent => this;

    public override Address Address => address;

    public override int Depth => 0;
}

/// <summary>Everything below the top.</summary>
internal sealed class ChildActorPath(ActorPath parent, string name, long uid) : ActorPath(name, uid)
{
    public override ActorPath Parent => parent;

    public override Address Address { get; } = parent.Address;

    public override int Depth { get; } = parent.Depth + 1;
}
