using System.Buffers;
using Broker.Actors.Rich;

namespace Broker.Host.WebSockets;

/// <summary>Rich mode over websockets: each line is a text message of its own, as client libraries take one or several in a message.</summary>
internal sealed class WebSocketFraming : RichFraming
{
    /// <summary>The one instance: relays encode once for each.</summary>
    public static readonly WebSocketFraming Instance = new();

    private WebSocketFraming()
    {
    }

    /// <inheritdoc/>
    public override void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> line) => Frames.Write(output, Opcode.Text, line);
}
