using System.Buffers;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>
/// Rich mode in JSON, as server-sent events (WHATWG HTML, 9.2), for clients that can only listen, to one channel. A publication is a plain event, its id the position; the first event,
/// <c>subscribed</c>, says where the stream really goes on from; all else that the protocol pushes comes as events named <c>push</c>.
/// </summary>
internal sealed class EventFraming : RichFraming
{
    /// <summary>The one instance: relays encode once for each.</summary>
    public static readonly EventFraming Instance = new();

    private EventFraming() : base(RichEncoding.Json)
    {
    }

    /// <summary>A line that says nothing but that the stream lives.</summary>
    public override ReadOnlyMemory<byte> Ping { get; } = ":\n\n"u8.ToArray();

    /// <summary>How long the client is to wait before it comes again when the stream has ended.</summary>
    public static ReadOnlyMemory<byte> Retry(TimeSpan after) => Encoding.UTF8.GetBytes($"retry: {(int)after.TotalMilliseconds}\n\n");

    /// <summary>The last event: browsers come again whatever it says, the page may know better.</summary>
    public ReadOnlyMemory<byte> Ends(CloseReason reason)
    {
        var json = JsonWriter.Mine;
        json.PushDisconnect(reason);
        return Framed(json.Written);
    }

    /// <inheritdoc/>
    public override void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> written)
    {
        output.Write("event: push\ndata: "u8);
        output.Write(written);
        output.Write("\n\n"u8);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Subscribed(string channel, SubscribeResult result, bool withOffset)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write("event: subscribed\n"u8);
        if (withOffset) Id(output, result.Position);
        output.Write("data: "u8);
        var json = JsonWriter.Mine;
        json.StreamBegins(channel, withOffset ? result.Position : null, result.WasRecovering, result.Recovered);
        output.Write(json.Written);
        output.Write("\n\n"u8);
        return output.WrittenMemory;
    }

    /// <inheritdoc/>
    protected override void WritePublication(IBufferWriter<byte> output, Publication publication, bool withOffset)
    {
        if (withOffset) Id(output, publication.Position);
        output.Write("data: "u8);
        var json = JsonWriter.Mine;
        json.Publication(publication, withOffset);
        output.Write(json.Written);
        output.Write("\n\n"u8);
    }

    private static void Id(IBufferWriter<byte> output, StreamPosition position) => Encoding.UTF8.GetBytes($"id: {position}\n", output);
}
