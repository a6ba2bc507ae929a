using System.Buffers;
using Broker.Actors.Channels;
using Broker.Actors.Connections;

namespace Broker.Actors.Relays;

/// <summary>
/// Publications of one turn of a relay, encoded once per wire format and shared by all its subscribers. Immutable but for the encodings, which only the relay's turn makes.
/// </summary>
internal sealed class RelayBatch(IReadOnlyList<Publication> publications)
{
    /// <summary>Nothing to deliver, and nothing to encode.</summary>
    public static readonly RelayBatch Empty = new([]);

    // Nearly always there is one format.
    private IWireFormat? _format;
    private EncodedBatch? _encoded;
    private List<(IWireFormat Format, EncodedBatch Encoded)>? _others;

    public IReadOnlyList<Publication> Publications { get; } = publications;

    public EncodedBatch Encode(IWireFormat format)
    {
        if (ReferenceEquals(_format, format)) return _encoded!;
        if (_format is null)
        {
            _format = format;
            return _encoded = EncodedBatch.Of(Publications, format);
        }

        foreach (var (known, encoded) in _others ??= []) if (ReferenceEquals(known, format)) return encoded;

        var fresh = EncodedBatch.Of(Publications, format);
        _others.Add((format, fresh));
        return fresh;
    }
}

/// <summary>
/// Frames of one wire format, one after the other in one buffer, with their bounds.
/// </summary>
internal sealed class EncodedBatch
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int[] _ends;

    private EncodedBatch(ReadOnlyMemory<byte> bytes, int[] ends)
    {
        _bytes = bytes;
        _ends = ends;
    }

    /// <summary>The frames from <paramref name="first"/> on, as they stand in the buffer.</summary>
    public FrameSlice Slice(int first, int count, string? publishId = null)
    {
        var start = first == 0 ? 0 : _ends[first - 1];
        var newest = count == 1 ? start : _ends[first + count - 2];
        return new FrameSlice(_bytes[start.._ends[first + count - 1]], count, newest - start, publishId);
    }

    public static EncodedBatch Of(IReadOnlyList<Publication> publications, IWireFormat format)
    {
        var size = 0;
        foreach (var publication in publications) size += publication.Payload.Length + 16;

        var buffer = new ArrayBufferWriter<byte>(size);
        var ends = new int[publications.Count];
        for (var i = 0; i < ends.Length; i++)
        {
            format.Encode(publications[i], buffer);
            ends[i] = buffer.WrittenCount;
        }

        return new EncodedBatch(buffer.WrittenMemory, ends);
    }
}
