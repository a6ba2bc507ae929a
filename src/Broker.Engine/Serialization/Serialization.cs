using System.Collections.Concurrent;
using System.Runtime.Serialization;

namespace Broker.Engine;

/// <summary>A system's serializers, by the types that they are bound to and by the numbers that messages carry.</summary>
public class Serialization
{
    private readonly ExtendedActorSystem _system;
    private readonly Dictionary<int, Serializer> _byId = [];
    private readonly List<(Type Type, Serializer Serializer)> _bindings = [];
    private readonly ConcurrentDictionary<Type, Serializer> _found = new();

    internal Serialization(ExtendedActorSystem system)
    {
        _system = system;
        var byName = new Dictionary<string, Serializer> { ["broker-basic"] = new BasicSerializer(system) };
        byName["broker-sharding"] = new ShardingSerializer(system, this);

        var actor = system.Settings.Config.GetConfig("akka.actor");
        var serializers = actor.GetConfig("serializers");
        foreach (var name in serializers.Keys)
        {
            byName[name] = Make(serializers.GetString($"\"{name}\"")!);
        }

        foreach (var (name, serializer) in byName)
        {
            if (!_byId.TryAdd(serializer.Identifier, serializer))
            {
                throw new ConfigurationException($"Serializer [{name}] has the identifier {serializer.Identifier}, which another has already.");
            }
        }

        _bindings.AddRange(BasicSerializer.Types.Select(type => (type, byName["broker-basic"])));
        _bindings.AddRange(ShardingSerializer.Types.Select(type => (type, byName["broker-sharding"])));
        var bindings = actor.GetConfig("serialization-bindings");
        foreach (var type in bindings.Keys)
        {
            var name = bindings.GetString($"\"{type}\"")!;
            _bindings.Add((Find(type), byName.TryGetValue(name, out var serializer)
                ? serializer
                : throw new ConfigurationException($"akka.actor.serialization-bindings names [{name}], which is not in akka.actor.serializers.")));
        }
    }

    /// <summary>How a node names an actor to others: its path with the node's address and the incarnation.</summary>
    public static string SerializedActorPath(IActorRef actorRef) => actorRef switch
    {
        null => "",
        IInternalActorRef actor => actor.Path.ToSerializationFormatWithAddress(actor.System.Provider.DefaultAddress),
        _ => actorRef.Path.ToSerializationFormat(),
    };

    /// <summary>What a serializer's bytes of a message are to be called.</summary>
    public static string ManifestFor(Serializer s, object msg)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(msg);
        return s switch
        {
            SerializerWithStringManifest named => named.Manifest(msg),
            { IncludeManifest: true } => NameOf(msg.GetType()),
            _ => "",
        };
    }

    /// <summary>The serializer of a message.</summary>
    /// <exception cref="SerializationException">There is none.</exception>
    public Serializer FindSerializerFor(object obj, string? defaultSerializerName = null)
    {
        ArgumentNullException.ThrowIfNull(obj);
        return FindSerializerForType(obj.GetType(), defaultSerializerName);
    }

    /// <summary>The serializer of a type: that of the nearest type that it is or derives from.</summary>
    /// <exception cref="SerializationException">There is none.</exception>
    public Serializer FindSerializerForType(Type objectType, string? defaultSerializerName = null) => _found.GetOrAdd(objectType, FindNearest);

    /// <summary>The bytes of a message.</summary>
    public byte[] Serialize(object o) => FindSerializerFor(o).ToBinary(o);

    /// <summary>The message of bytes.</summary>
    /// <exception cref="SerializationException">No serializer has that number.</exception>
    public object Deserialize(byte[] bytes, int serializerId, string manifest)
    {
        if (!_byId.TryGetValue(serializerId, out var serializer))
        {
            throw new SerializationException($"There is no serializer with the identifier {serializerId} here.");
        }

        return serializer is SerializerWithStringManifest named
            ? named.FromBinary(bytes, manifest)
            : serializer.FromBinary(bytes, string.IsNullOrEmpty(manifest) ? typeof(object) : Find(manifest));
    }

    /// <summary>The actor that <see cref="SerializedActorPath"/> named.</summary>
    public IActorRef DeserializeActorRef(string path) => _system.Provider.ResolveActorRef(path);

    internal static string NameOf(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    internal static int ConfiguredIdentifier(ExtendedActorSystem system, Type serializer)
    {
        var path = $"akka.actor.serialization-identifiers.\"{NameOf(serializer)}\"";
        return system.Settings.Config.HasPath(path)
            ? system.Settings.Config.GetInt(path)
            : throw new ConfigurationException($"{path} is missing, and {serializer} gives itself no identifier.");
    }

    private static Type Find(string name) =>
        Type.GetType(name) ?? throw new ConfigurationException($"There is no type [{name}]; a name is made like 'Namespace.Type, Assembly'.");

    private Serializer FindNearest(Type wanted)
    {
        var fitting = _bindings.FindAll(binding => binding.Type.IsAssignableFrom(wanted));
        var nearest = fitting.Find(binding => fitting.TrueForAll(other => other.Type.IsAssignableFrom(binding.Type)));
        return (nearest.Serializer ?? (fitting.Count > 0 ? fitting[0].Serializer : null))
            ?? throw new SerializationException($"No serializer is bound to {wanted}; see akka.actor.serialization-bindings.");
    }

    private Serializer Make(string typeName) =>
        Find(typeName).GetConstructor([typeof(ExtendedActorSystem)])?.Invoke([_system]) as Serializer
        ?? throw new ConfigurationException($"[{typeName}] is no Serializer with a constructor that takes the system.");
}
