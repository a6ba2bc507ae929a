using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;
using Broker.Actors.Connections;

namespace Broker.Host.WebSockets;

/// <summary>Writes the frames of a server: never masked, never fragmented.</summary>
internal static class Frames
{
    private const byte Final = 0x80;
    private const int MaxHeaderBytes = 10;
    private const int MaxControlBytes = 125;

    /// <summary>A message: a text frame if the payload is valid UTF-8, otherwise binary. Redis keeps bytes, not frame types.</summary>
    public static void WriteMessage(IBufferWriter<byte> output, ReadOnlySpan<byte> payload) =>
        Write(output, Utf8.IsValid(payload) ? Opcode.Text : Opcode.Binary, payload);

    /// <summary>A ping without payload.</summary>
    public static void WritePing(IBufferWriter<byte> output) => Write(output, Opcode.Ping, []);

    /// <summary>A pong with the ping's payload.</summary>
    public static void WritePong(IBufferWriter<byte> output, ReadOnlySpan<byte> payload) => Write(output, Opcode.Pong, payload);

    /// <summary>A close frame; empty for a reason whose code does not go over the wire.</summary>
    public static void WriteClose(IBufferWriter<byte> output, CloseReason reason)
    {
        Span<byte> body = stackalloc byte[MaxControlBytes];
        Write(output, Opcode.Close, body[..CloseFrame.Write(reason, body)]);
    }

    /// <summary>One frame of the given kind; of a control frame the payload is at most 125 bytes.</summary>
    public static void Write(IBufferWriter<byte> output, Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var header = output.GetSpan(MaxHeaderBytes);
        header[0] = (byte)(Final | (byte)opcode);
        output.Advance(1 + WriteLength(header[1..], payload.Length));
        output.Write(payload);
    }

    private static int WriteLength(Span<byte> target, int length)
    {
        switch (length)
        {
            case <= 125:
                target[0] = (byte)length;
                return 1;
            case <= ushort.MaxValue:
                target[0] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(target[1..], (ushort)length);
                return 3;
            default:
                target[0] = 127;
                BinaryPrimitives.WriteInt64BigEndian(target[1..], length);
                return 9;
        }
    }
}
