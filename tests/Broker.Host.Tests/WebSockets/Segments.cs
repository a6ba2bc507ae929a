using System.Buffers;

namespace Broker.Host.Tests.WebSockets;

/// <summary>Sequences of several segments, as pipes give them.</summary>
internal sealed class Segments : ReadOnlySequenceSegment<byte>
{
    private Segments(byte[] bytes) => Memory = bytes;

    public static ReadOnlySequence<byte> Join(List<byte[]> pieces)
    {
        if (pieces.Count == 0) return ReadOnlySequence<byte>.Empty;

        var first = new Segments(pieces[0]);
        var last = first;
        foreach (var piece in pieces.Skip(1))
        {
            var next = new Segments(piece) { RunningIndex = last.RunningIndex + last.Memory.Length };
            last.Next = next;
            last = next;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    public static List<byte[]> Split(ReadOnlySequence<byte> sequence)
    {
        var pieces = new List<byte[]>();
        foreach (var segment in sequence)
        {
            if (segment.Length > 0) pieces.Add(segment.ToArray());
        }

        return pieces;
    }
}
