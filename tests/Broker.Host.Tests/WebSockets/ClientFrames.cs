using System.Buffers.Binary;
using System.Text;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

/// <summary>Builds the frames of a client, right and wrong ones.</summary>
internal static class ClientFrames
{
    private static readonly byte[] Key = [0x37, 0xfa, 0x21, 0x3d];

    public static byte[] Text(string text) => Frame(Opcode.Text, Encoding.UTF8.GetBytes(text));

    public static byte[] Close(int code, string text = "")
    {
        var body = new byte[2 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteUInt16BigEndian(body, (ushort)code);
        Encoding.UTF8.GetBytes(text, body.AsSpan(2));
        return Frame(Opcode.Close, body);
    }

    /// <summary>A masked frame; the first byte's other bits and the form of the length can be chosen.</summary>
    public static byte[] Frame(Opcode opcode, byte[] payload, bool final = true, int reserved = 0, bool masked = true, int lengthForm = 0)
    {
        var frame = new List<byte> { (byte)((final ? 0x80 : 0) | reserved | (byte)opcode) };
        var form = lengthForm != 0 ? lengthForm : payload.Length switch { <= 125 => 7, <= ushort.MaxValue => 16, _ => 64 };
        frame.AddRange(Length(form, payload.Length));
        if (!masked) return [.. frame, .. payload];

        frame[1] |= 0x80;
        return [.. frame, .. Key, .. payload.Select((value, index) => (byte)(value ^ Key[index % 4]))];
    }

    /// <summary>The header of a masked frame that announces a length.</summary>
    public static byte[] Header(Opcode opcode, long length)
    {
        byte[] header = [(byte)(0x80 | (byte)opcode), .. Length(64, length)];
        header[1] |= 0x80;
        return [.. header, .. Key];
    }

    private static byte[] Length(int form, long length)
    {
        var bytes = new byte[9];
        switch (form)
        {
            case 7:
                return [(byte)length];
            case 16:
                bytes[0] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1), (ushort)length);
                return bytes[..3];
            default:
                bytes[0] = 127;
                BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), length);
                return bytes;
        }
    }
}
