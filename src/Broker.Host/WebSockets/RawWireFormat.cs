using System.Buffers;
using Broker.Actors.Channels;
using Broker.Actors.Connections;

namespace Broker.Host.WebSockets;

/// <summary>ws4redis mode: a frame is the payload, nothing around it. Its clients never see an empty message, so that one has no frame.</summary>
internal sealed class RawWireFormat : IWireFormat
{
    /// <summary>The one instance: relays encode once for each.</summary>
    public static readonly RawWireFormat Instance = new();

    private RawWireFormat()
    {
    }

    /// <inheritdoc/>
    public void Encode(Publication publication, IBufferWriter<byte> output)
    {
        if (!publication.Payload.IsEmpty) Frames.WriteMessage(output, publication.Payload.Span);
    }
}
