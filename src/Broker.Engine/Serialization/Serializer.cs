namespace Broker.Engine;

/// <summary>Makes bytes of messages and messages of bytes. Named under <c>akka.actor.serializers</c>, bound to types under
/// <c>akka.actor.serialization-bindings</c>. Called from many threads at once.</summary>
public abstract class Serializer
{
    /// <summary>The system that it works for; to resolve references by.</summary>
    protected readonly ExtendedActorSystem system;

    private readonly Lazy<int> _identifier;

    /// <summary>A serializer of that system.</summary>
    protected Serializer(ExtendedActorSystem system)
    {
        this.system = system;
        _identifier = new Lazy<int>(() => Serialization.ConfiguredIdentifier(system, GetType()));
    }

    /// <summary>
    /// What the other side finds it by: the same on all nodes, unique, above 1000. From
    /// <c>akka.actor.serialization-identifiers</c> unless overridden.
    /// </summary>
    public virtual int Identifier => _identifier.Value;

    /// <summary>Whether <see cref="FromBinary"/> needs to be told what the bytes are.</summary>
    public abstract bool IncludeManifest { get; }

    /// <summary>The bytes of a message.</summary>
    public abstract byte[] ToBinary(object obj);

    /// <summary>The message of bytes.</summary>
    public abstract object FromBinary(byte[] bytes, Type type);
}

/// <summary>A serializer that names what its bytes are by a text of its own, which outlives renamed types.</summary>
public abstract class SerializerWithStringManifest : Serializer
{
    /// <summary>A serializer of that system.</summary>
    protected SerializerWithStringManifest(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <summary>Always.</summary>
    public sealed override bool IncludeManifest => true;

    /// <summary>The same with the type's name for a manifest.</summary>
    public sealed override object FromBinary(byte[] bytes, Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return FromBinary(bytes, Serialization.NameOf(type));
    }

    /// <summary>The message of bytes.</summary>
    /// <param name="bytes">What <see cref="Serializer.ToBinary"/> made.</param>
    /// <param name="manifest">What <see cref="Manifest"/> said.</param>
    public abstract object FromBinary(byte[] bytes, string manifest);

    /// <summary>Says what the bytes of a message will be.</summary>
    public abstract string Manifest(object o);
}
