using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Broker.Host.WebSockets;

/// <summary>XORs payload bytes with a frame's masking key, a vector at a time.</summary>
internal static class Masking
{
    /// <summary>Copies bytes unmasked.</summary>
    /// <param name="mask">The key as it lies in memory.</param>
    /// <param name="position">Where in the frame's payload the source begins.</param>
    public static void Unmask(in ReadOnlySequence<byte> source, Span<byte> target, uint mask, long position)
    {
        if (source.IsSingleSegment)
        {
            Unmask(source.FirstSpan, target, mask, position);
            return;
        }

        foreach (var segment in source)
        {
            Unmask(segment.Span, target, mask, position);
            target = target[segment.Length..];
            position += segment.Length;
        }
    }

    /// <inheritdoc cref="Unmask(in ReadOnlySequence{byte}, Span{byte}, uint, long)"/>
    public static void Unmask(ReadOnlySpan<byte> source, Span<byte> target, uint mask, long position)
    {
        var key = Turn(mask, (int)(position & 3));
        var wide = Vector.AsVectorByte(new Vector<uint>(key));
        var done = 0;

        for (; source.Length - done >= Vector<byte>.Count; done += Vector<byte>.Count)
        {
            (new Vector<byte>(source[done..]) ^ wide).CopyTo(target[done..]);
        }

        for (; source.Length - done >= sizeof(uint); done += sizeof(uint))
        {
            MemoryMarshal.Write(target[done..], MemoryMarshal.Read<uint>(source[done..]) ^ key);
        }

        for (; done < source.Length; done++, key = Turn(key, 1))
        {
            target[done] = (byte)(source[done] ^ FirstByte(key));
        }
    }

    /// <summary>The key as seen that many bytes further on.</summary>
    private static uint Turn(uint mask, int bytes) =>
        BitConverter.IsLittleEndian ? BitOperations.RotateRight(mask, 8 * bytes) : BitOperations.RotateLeft(mask, 8 * bytes);

    private static byte FirstByte(uint key) => (byte)(BitConverter.IsLittleEndian ? key : key >> 24);
}
