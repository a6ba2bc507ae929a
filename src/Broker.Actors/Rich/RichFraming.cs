using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Presence;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>
/// What goes over one kind of transport, in which encoding: how a reply or push travels in a websocket frame, in an event. One instance per kind and encoding in the process, as relays encode
/// publications once for each.
/// </summary>
internal abstract class RichFraming
{
    /// <summary>A relay tells all its subscribers of a change, one after the other: it is encoded for the first one of each framing.</summary>
    [ThreadStatic]
    private static Dictionary<RichFraming, (MembersChange Change, ReadOnlyMemory<byte> Frames)>? _told;


    private readonly RichEncoding _encoding;
    private readonly PublicationFormat _withOffset;
    private readonly PublicationFormat _withoutOffset;
    private byte[]? _ping;

    protected RichFraming(RichEncoding encoding)
    {
        _encoding = encoding;
        _withOffset = new PublicationFormat(this, true);
        _withoutOffset = new PublicationFormat(this, false);
    }

    /// <summary>What shows that the connection lives.</summary>
    public virtual ReadOnlyMemory<byte> Ping => _ping ??= Frame(static to => to.Ping()).ToArray();

    /// <summary>Writes one reply or push as the transport carries it.</summary>
    public abstract void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> written);

    /// <inheritdoc cref="RichEncoding.TryRead"/>
    public bool TryRead(ReadOnlyMemory<byte> message, int maxCommands, [NotNullWhen(true)] out IReadOnlyList<Command>? commands, out bool hasTooMany) =>
        _encoding.TryRead(message, maxCommands, out commands, out hasTooMany);

    /// <summary>The server has subscribed the client. The result's publications, if it has any, come after it.</summary>
    public virtual ReadOnlyMemory<byte> Subscribed(string channel, SubscribeResult result, bool withOffset) => Frame(to => to.PushSubscribe(channel, result));

    /// <summary>Of a channel with history, or one without: what its offsets are worth differs.</summary>
    public IWireFormat Publications(bool withOffset) => withOffset ? _withOffset : _withoutOffset;

    /// <summary>One reply or push, framed.</summary>
    public ReadOnlyMemory<byte> Frame(Action<RichWriter> write)
    {
        var writer = _encoding.Writer;
        write(writer);
        return Framed(writer.Written);
    }

    /// <summary>Who came and went on a channel.</summary>
    public ReadOnlyMemory<byte> Members(string channel, MembersChange change)
    {
        if ((_told ??= []).TryGetValue(this, out var told) && ReferenceEquals(told.Change, change)) return told.Frames;

        var frames = new ArrayBufferWriter<byte>();
        var writer = _encoding.Writer;
        foreach (var (member, joins) in change.Changes)
        {
            if (joins) writer.PushJoin(channel, member);
            else writer.PushLeave(channel, member);
            Write(frames, writer.Written);
        }

        _told[this] = (change, frames.WrittenMemory);
        return frames.WrittenMemory;
    }

    protected ReadOnlyMemory<byte> Framed(ReadOnlySpan<byte> written)
    {
        var frame = new ArrayBufferWriter<byte>(written.Length + 16);
        Write(frame, written);
        return frame.WrittenMemory;
    }

    /// <summary>Writes a live publication.</summary>
    protected virtual void WritePublication(IBufferWriter<byte> output, Publication publication, bool withOffset)
    {
        var writer = _encoding.Writer;
        writer.PushPublication(publication.Channel.ToClients(), publication, withOffset);
        Write(output, writer.Written);
    }

    private sealed class PublicationFormat(RichFraming framing, bool withOffset) : IWireFormat
    {
        public void Encode(Publication publication, IBufferWriter<byte> output) => framing.WritePublication(output, publication, withOffset);
    }
}
