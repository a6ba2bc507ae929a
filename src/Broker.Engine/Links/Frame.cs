using System.Buffers;
using System.Buffers.Binary;

namespace Broker.Engine;

/// <summary>What a frame is. Extend-only: a node closes on a kind that it does not know.</summary>
internal enum FrameKind : byte
{
    Hello = 1,
    Challenge = 2,
    Proof = 3,
    Welcome = 4,

    /// <summary>A message for an actor: <see cref="MessageFrame"/>.</summary>
    Message = 16,

    /// <summary>Tell me when the actor at this path stops.</summary>
    Watch = 17,

    /// <summary>Do not tell me any more.</summary>
    Unwatch = 18,

    /// <summary>The actor at this path has stopped, or was not there.</summary>
    Died = 19,

    /// <summary>Nothing to say, but here. The first of a link tells which memory of the other node this is: <see cref="RemoteNode.Opening"/>.</summary>
    Alive = 20,
}

/// <summary>How reading a frame went.</summary>
internal enum FrameRead
{
    Complete,

    /// <summary>More bytes are needed; never more than <see cref="Frame.HeaderLength"/> and the longest payload.</summary>
    Incomplete,

    /// <summary>It cannot become a frame: the link must be cut.</summary>
    Garbage,
}

/// <summary>
/// What goes over a link: length of the payload (4 bytes, little endian), wire version (1), kind (1), payload. The bytes are
/// rented and given back by <see cref="Return"/>.
/// </summary>
internal readonly record struct Frame(byte[] Bytes, int Length, FrameKind Kind)
{
    /// <summary>Both sides of a link must have the same.</summary>
    public const byte WireVersion = 1;

    public const int HeaderLength = 6;

    /// <summary>Longer ones are rare, and a pool would keep their memory.</summary>
    private const int MaxPooledLength = 128 * 1024;

    public ReadOnlyMemory<byte> Memory => Bytes.AsMemory(0, Length);

    /// <summary>A frame with room for its payload: <see cref="Payload"/>.</summary>
    public static Frame Rent(FrameKind kind, int payloadLength)
    {
        var bytes = RentBytes(HeaderLength + payloadLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, payloadLength);
        bytes[4] = WireVersion;
        bytes[5] = (byte)kind;
        return new Frame(bytes, HeaderLength + payloadLength, kind);
    }

    public static Frame Of(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        var frame = Rent(kind, payload.Length);
        payload.CopyTo(frame.Payload);
        return frame;
    }

    public Span<byte> Payload => Bytes.AsSpan(HeaderLength, Length - HeaderLength);

    public void Return() => ReturnBytes(Bytes);

    /// <summary>Room for a frame or a part of one; goes back by <see cref="ReturnBytes"/>.</summary>
    public static byte[] RentBytes(int length) => length > MaxPooledLength ? new byte[length] : ArrayPool<byte>.Shared.Rent(length);

    public static void ReturnBytes(byte[] bytes)
    {
        if (bytes.Length <= MaxPooledLength)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Takes the first frame off a buffer.</summary>
    /// <param name="buffer">What has arrived; moved on behind the frame.</param>
    /// <param name="maxLength">The longest payload that is taken.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="payload">Lies in the buffer.</param>
    public static FrameRead TryRead(ref ReadOnlySequence<byte> buffer, int maxLength, out FrameKind kind, out ReadOnlySequence<byte> payload)
    {
        (kind, payload) = (default, default);
        Span<byte> header = stackalloc byte[HeaderLength];
        var known = (int)Math.Min(buffer.Length, HeaderLength);
        buffer.Slice(0, known).CopyTo(header);

        // Looked at as early as they are there: a stranger must not make us wait for what cannot become good.
        var length = known >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(header) : 0;
        if (length < 0 || length > maxLength || (known >= 5 && header[4] != WireVersion))
        {
            return FrameRead.Garbage;
        }

        if (known < HeaderLength || buffer.Length < HeaderLength + length)
        {
            return FrameRead.Incomplete;
        }

        kind = (FrameKind)header[5];
        payload = buffer.Slice(HeaderLength, length);
        buffer = buffer.Slice(HeaderLength + length);
        return FrameRead.Complete;
    }
}
