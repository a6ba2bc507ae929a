using System.Buffers.Binary;
using System.Text;

namespace Broker.Engine;

/// <summary>
/// The payload of <see cref="FrameKind.Message"/>: serializer (4 bytes), recipient, sender, manifest (each 2 bytes of length and UTF-8),
/// the message's bytes. The recipient is a path of the receiving node (<c>/user/a#7</c>); so is a sender that begins with a slash one
/// of the sending node; others carry their address. No sender is empty.
/// </summary>
internal readonly ref struct MessageFrame
{
    public int Serializer { get; private init; }

    public ReadOnlySpan<byte> Recipient { get; private init; }

    public ReadOnlySpan<byte> Sender { get; private init; }

    public ReadOnlySpan<byte> Manifest { get; private init; }

    public ReadOnlySpan<byte> Message { get; private init; }

    /// <returns>False if it is longer than a frame may be.</returns>
    public static bool TryWrite(
        int serializer, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> sender, string manifest, ReadOnlySpan<byte> message, int maxLength, out Frame frame)
    {
        var manifestLength = Encoding.UTF8.GetByteCount(manifest);
        var length = 4L + 2 + recipient.Length + 2 + sender.Length + 2 + manifestLength + message.Length;
        if (length > maxLength)
        {
            frame = default;
            return false;
        }

        frame = Frame.Rent(FrameKind.Message, (int)length);
        var to = frame.Payload;
        BinaryPrimitives.WriteInt32LittleEndian(to, serializer);
        to = Write(to[4..], recipient);
        to = Write(to, sender);
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)manifestLength);
        Encoding.UTF8.GetBytes(manifest, to[2..]);
        message.CopyTo(to[(2 + manifestLength)..]);
        return true;
    }

    /// <returns>False if it is cut short.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out MessageFrame frame)
    {
        frame = default;
        if (payload.Length < 4)
        {
            return false;
        }

        var rest = payload[4..];
        if (!TryTake(ref rest, out var recipient) || !TryTake(ref rest, out var sender) || !TryTake(ref rest, out var manifest))
        {
            return false;
        }

        frame = new MessageFrame
        {
            Serializer = BinaryPrimitives.ReadInt32LittleEndian(payload),
            Recipient = recipient,
            Sender = sender,
            Manifest = manifest,
            Message = rest,
        };
        return true;
    }

    private static Span<byte> Write(Span<byte> to, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)text.Length);
        text.CopyTo(to[2..]);
        return to[(2 + text.Length)..];
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (rest.Length < 2)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (rest.Length < 2 + length)
        {
            return false;
        }

        text = rest.Slice(2, length);
        rest = rest[(2 + length)..];
        return true;
    }
}
