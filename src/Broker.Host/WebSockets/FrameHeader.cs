using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Broker.Host.WebSockets;

/// <summary>
/// The header of one frame as it stands in the bytes: read, not judged. It may be incomplete: what a client has announced so far can be judged before the rest has come.
/// </summary>
internal readonly struct FrameHeader
{
    /// <summary>Two bytes, eight of length, four of mask.</summary>
    private const int MaxSize = 14;

    private readonly byte _first;
    private readonly byte _second;
    private readonly int _available;

    private FrameHeader(ReadOnlySpan<byte> bytes)
    {
        _first = bytes[0];
        _second = bytes[1];
        _available = bytes.Length;

        Length = LengthSize switch
        {
            0 => ShortLength,
            2 when HasLength => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            8 when HasLength => BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            _ => 0,
        };
        if (IsMasked && IsComplete) Mask = MemoryMarshal.Read<uint>(bytes[(2 + LengthSize)..]);
    }

    public bool IsFinal => (_first & 0x80) != 0;

    public bool HasReservedBits => (_first & 0x70) != 0;

    public Opcode Opcode => (Opcode)(_first & 0x0F);

    public bool IsControl => (_first & 0x08) != 0;

    public bool IsMasked => (_second & 0x80) != 0;

    /// <summary>The seven bits of the second byte: the length itself up to 125, or how many bytes hold it.</summary>
    public int ShortLength => _second & 0x7F;

    /// <summary>The payload's length, zero while unknown, negative with the top bit set that the RFC forbids.</summary>
    public long Length { get; }

    /// <summary>The masking key as it lies in memory.</summary>
    public uint Mask { get; }

    /// <summary>Bytes of the whole header.</summary>
    public int Size => 2 + LengthSize + (IsMasked ? 4 : 0);

    public bool HasLength => _available >= 2 + LengthSize;

    public bool IsComplete => _available >= Size;

    /// <summary>The RFC demands the shortest form that holds the length.</summary>
    public bool IsShortestForm => ShortLength switch
    {
        126 => Length > 125,
        127 => Length > ushort.MaxValue,
        _ => true,
    };

    private int LengthSize => ShortLength switch { 126 => 2, 127 => 8, _ => 0 };

    /// <summary>Reads as much of a header as is there; false below two bytes.</summary>
    public static bool TryRead(in ReadOnlySequence<byte> input, out FrameHeader header)
    {
        scoped var bytes = input.FirstSpan;
        Span<byte> joined = stackalloc byte[MaxSize];
        if (bytes.Length < MaxSize && !input.IsSingleSegment)
        {
            var start = input.Slice(0, Math.Min(MaxSize, input.Length));
            start.CopyTo(joined);
            bytes = joined[..(int)start.Length];
        }

        header = bytes.Length < 2 ? default : new FrameHeader(bytes);
        return bytes.Length >= 2;
    }
}
