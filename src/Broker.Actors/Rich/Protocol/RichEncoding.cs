using System.Diagnostics.CodeAnalysis;

namespace Broker.Actors.Rich.Protocol;

/// <summary>One of the two encodings of the Centrifuge client protocol: they say the same, in other bytes. A message of a client's holds one or more commands.</summary>
internal abstract class RichEncoding
{
    /// <summary>Lines of JSON text.</summary>
    public static readonly RichEncoding Json = new JsonEncoding();

    /// <summary>Protobuf, each command and reply after its length. Data are any bytes.</summary>
    public static readonly RichEncoding Protobuf = new ProtobufEncoding();

    private RichEncoding()
    {
    }

    /// <summary>The present thread's.</summary>
    public abstract RichWriter Writer { get; }

    /// <summary>False: the message is bad.</summary>
    /// <param name="message">Kept by the commands: it must not be written to any more.</param>
    /// <param name="maxCommands">More in one message make it bad.</param>
    /// <param name="commands">At least one, in their order.</param>
    /// <param name="hasTooMany">That is why it is bad.</param>
    public abstract bool TryRead(ReadOnlyMemory<byte> message, int maxCommands, [NotNullWhen(true)] out IReadOnlyList<Command>? commands, out bool hasTooMany);

    private sealed class JsonEncoding : RichEncoding
    {
        public override RichWriter Writer => JsonWriter.Mine;

        public override bool TryRead(ReadOnlyMemory<byte> message, int maxCommands, [NotNullWhen(true)] out IReadOnlyList<Command>? commands, out bool hasTooMany) =>
            JsonReader.TryRead(message, maxCommands, out commands, out hasTooMany);
    }

    private sealed class ProtobufEncoding : RichEncoding
    {
        public override RichWriter Writer => ProtobufWriter.Mine;

        public override bool TryRead(ReadOnlyMemory<byte> message, int maxCommands, [NotNullWhen(true)] out IReadOnlyList<Command>? commands, out bool hasTooMany) =>
            ProtobufReader.TryRead(message, maxCommands, out commands, out hasTooMany);
    }
}
