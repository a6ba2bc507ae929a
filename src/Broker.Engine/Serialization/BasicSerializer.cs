using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;

namespace Broker.Engine;

/// <summary>What needs no serializer of an application's: texts, numbers, bytes, and the engine's own messages.</summary>
internal sealed class BasicSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public static readonly Type[] Types =
    [
        typeof(string), typeof(int), typeof(long), typeof(bool), typeof(byte[]), typeof(PoisonPill), typeof(Kill), typeof(Done),
        typeof(Identify), typeof(ActorIdentity), typeof(Status.Success), typeof(Status.Failure), typeof(IActorRef),
    ];

    public override int Identifier => 1001;

    public override string Manifest(object o) => o switch
    {
        string => "s",
        int => "i",
        long => "l",
        bool => "b",
        byte[] => "x",
        PoisonPill => "pill",
        Kill => "kill",
        Done => "done",
        Identify => "id?",
        ActorIdentity => "id",
        Engine.Status.Success => "ok",
        Engine.Status.Failure => "fail",
        IActorRef => "ref",
        _ => throw new SerializationException($"{o.GetType()} is none of the basic messages."),
    };

    public override byte[] ToBinary(object obj) => obj switch
    {
        string text => Encoding.UTF8.GetBytes(text),
        int number => Number(number),
        long number => Number(number),
        bool yes => [yes ? (byte)1 : (byte)0],
        byte[] bytes => bytes,
        Identify identify => Nested(identify.MessageId),
        ActorIdentity identity => Identity(identity),
        Engine.Status.Success success => Nested(success.Status),
        Engine.Status.Failure failure => Encoding.UTF8.GetBytes(failure.Cause.Message),
        IActorRef actor => Encoding.UTF8.GetBytes(Serialization.SerializedActorPath(actor)),
        _ => [],
    };

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        "s" => Encoding.UTF8.GetString(bytes),
        "i" => (int)BinaryPrimitives.ReadInt64LittleEndian(bytes),
        "l" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        "b" => bytes[0] != 0,
        "x" => bytes,
        "pill" => PoisonPill.Instance,
        "kill" => Kill.Instance,
        "done" => Done.Instance,
        "id?" => new Identify(Nested(bytes)!),
        "id" => Identity(bytes),
        "ok" => new Status.Success(Nested(bytes)),
        "fail" => new Status.Failure(new RemoteFailureException(Encoding.UTF8.GetString(bytes))),
        "ref" => system.Provider.ResolveActorRef(Encoding.UTF8.GetString(bytes)),
        _ => throw new SerializationException($"Basic messages know no manifest [{manifest}]."),
    };

    private static byte[] Number(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return bytes;
    }

    private byte[] Nested(object? inner)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        Payload.Write(writer, system.Serialization, inner);
        return stream.ToArray();
    }

    private object? Nested(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        return Payload.Read(reader, system.Serialization);
    }

    private byte[] Identity(ActorIdentity identity)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(identity.Subject is { } subject ? Serialization.SerializedActorPath(subject) : "");
        Payload.Write(writer, system.Serialization, identity.MessageId);
        return stream.ToArray();
    }

    private ActorIdentity Identity(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var path = reader.ReadString();
        return new ActorIdentity(Payload.Read(reader, system.Serialization)!, path.Length == 0 ? null : system.Provider.ResolveActorRef(path));
    }
}

/// <summary>A message within a message: serializer, manifest, bytes. No serializer is no message.</summary>
internal static class Payload
{
    public static void Write(BinaryWriter writer, Serialization serialization, object? message)
    {
        if (message is null)
        {
            writer.Write(0);
            return;
        }

        var serializer = serialization.FindSerializerFor(message);
        var bytes = serializer.ToBinary(message);
        writer.Write(serializer.Identifier);
        writer.Write(Serialization.ManifestFor(serializer, message));
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    public static object? Read(BinaryReader reader, Serialization serialization)
    {
        var id = reader.ReadInt32();
        if (id == 0)
        {
            return null;
        }

        var manifest = reader.ReadString();
        var length = reader.ReadInt32();
        var bytes = length >= 0 && length <= reader.BaseStream.Length - reader.BaseStream.Position ? reader.ReadBytes(length) : [];
        return bytes.Length == length
            ? serialization.Deserialize(bytes, id, manifest)
            : throw new SerializationException("A message within a message is cut short.");
    }
}

/// <summary>A failure on another node: what it said is all that is known of it.</summary>
internal sealed class RemoteFailureException(string message) : AkkaException(message);
