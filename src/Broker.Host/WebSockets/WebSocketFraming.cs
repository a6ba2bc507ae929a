using System.Buffers;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;

namespace Broker.Host.WebSockets;

/// <summary>Rich mode over websockets: each reply or push is a message of its own, as client libraries take one or several in a message.</summary>
internal sealed class WebSocketFraming : RichFraming
{
    /// <summary>In text frames.</summary>
    public static readonly WebSocketFraming Json = new(RichEncoding.Json, Opcode.Text);

    /// <summary>In binary frames.</summary>
    public static readonly WebSocketFraming Protobuf = new(RichEncoding.Protobuf, Opcode.Binary);

    private readonly Opcode _opcode;

    private WebSocketFraming(RichEncoding encoding, Opcode opcode) : base(encoding) => _opcode = opcode;

    /// <inheritdoc/>
    public override void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> written) => Frames.Write(output, _opcode, written);
}
