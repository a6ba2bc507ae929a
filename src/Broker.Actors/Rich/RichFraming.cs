using System.Buffers;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Presence;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>
/// How a line of JSON travels over one kind of transport: a websocket frame, an event. One instance per kind in the process, as relays encode publications once for each.
/// </summary>
internal abstract class RichFraming
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _line;

    /// <summary>A relay tells all its subscribers of a change, one after the other: it is encoded for the first one.</summary>
    [ThreadStatic]
    private static (RichFraming Framing, MembersChange Change, ReadOnlyMemory<byte> Frames) _told;

    private readonly PublicationFormat _withOffset;
    private readonly PublicationFormat _withoutOffset;
    private byte[]? _ping;

    protected RichFraming()
    {
        _withOffset = new PublicationFormat(this, true);
        _withoutOffset = new PublicationFormat(this, false);
    }

    /// <summary>What shows that the connection lives.</summary>
    public virtual ReadOnlyMemory<byte> Ping => _ping ??= Frame(static line => line.Write(RichWriter.Ping)).ToArray();

    /// <summary>Writes one line as the transport carries it.</summary>
    public abstract void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> line);

    /// <summary>The server has subscribed the client. The result's publications, if it has any, come after it.</summary>
    public virtual ReadOnlyMemory<byte> Subscribed(string channel, SubscribeResult result, bool withOffset) => Frame(line => RichWriter.PushSubscribe(line, channel, result));

    /// <summary>Of a channel with history, or one without: what its offsets are worth differs.</summary>
    public IWireFormat Publications(bool withOffset) => withOffset ? _withOffset : _withoutOffset;

    /// <summary>One line, framed.</summary>
    public ReadOnlyMemory<byte> Frame(Action<IBufferWriter<byte>> write)
    {
        var line = Line();
        write(line);
        var frame = new ArrayBufferWriter<byte>(line.WrittenCount + 16);
        Write(frame, line.WrittenSpan);
        return frame.WrittenMemory;
    }

    /// <summary>Who came and went on a channel.</summary>
    public ReadOnlyMemory<byte> Members(string channel, MembersChange change)
    {
        if (_told.Framing == this && ReferenceEquals(_told.Change, change)) return _told.Frames;

        var frames = new ArrayBufferWriter<byte>();
        foreach (var (member, joins) in change.Changes)
        {
            var line = Line();
            if (joins) RichWriter.PushJoin(line, channel, member);
            else RichWriter.PushLeave(line, channel, member);
            Write(frames, line.WrittenSpan);
        }

        _told = (this, change, frames.WrittenMemory);
        return frames.WrittenMemory;
    }

    /// <summary>Writes a live publication.</summary>
    protected virtual void WritePublication(IBufferWriter<byte> output, Publication publication, bool withOffset)
    {
        var line = Line();
        RichWriter.PushPublication(line, publication.Channel.ToClients(), publication, withOffset);
        Write(output, line.WrittenSpan);
    }

    private static ArrayBufferWriter<byte> Line()
    {
        const int kept = 64 * 1024;
        if (_line is null or { Capacity: > kept }) return _line = new ArrayBufferWriter<byte>(1024);

        _line.ResetWrittenCount();
        return _line;
    }

    private sealed class PublicationFormat(RichFraming framing, bool withOffset) : IWireFormat
    {
        public void Encode(Publication publication, IBufferWriter<byte> output) => framing.WritePublication(output, publication, withOffset);
    }
}
