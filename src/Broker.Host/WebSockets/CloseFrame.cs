using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Broker.Actors.Connections;

namespace Broker.Host.WebSockets;

/// <summary>The body of a close frame: nothing, or a code and a text (RFC 6455, 5.5.1 and 7.4).</summary>
internal static class CloseFrame
{
    /// <summary>What a close frame without a code stands for. Never on the wire.</summary>
    public const int NoCode = 1005;

    /// <summary>What a lost connection stands for. Never on the wire.</summary>
    public const int Lost = 1006;

    private const int MaxTextBytes = 123;

    /// <summary>Reads a client's close frame.</summary>
    public static Incoming Read(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return new(IncomingKind.Close, Reason: new CloseReason(NoCode, ""));
        if (body.Length == 1) return new(IncomingKind.Violation, Reason: CloseReason.ProtocolError with { Text = "close frame of one byte" });

        var code = BinaryPrimitives.ReadUInt16BigEndian(body);
        if (!MayBeSent(code)) return new(IncomingKind.Violation, Reason: CloseReason.ProtocolError with { Text = "invalid close code" });
        if (!Utf8.IsValid(body[2..])) return new(IncomingKind.Violation, Reason: CloseReason.InvalidPayload);

        return new(IncomingKind.Close, Reason: new CloseReason(code, Encoding.UTF8.GetString(body[2..])));
    }

    /// <summary>Writes a body of at most 125 bytes; a longer text is cut at a character.</summary>
    /// <returns>How many bytes were written: none for a reason that has no code on the wire.</returns>
    public static int Write(CloseReason reason, Span<byte> body)
    {
        if (!MayBeSent(reason.Code)) return 0;

        BinaryPrimitives.WriteUInt16BigEndian(body, (ushort)reason.Code);
        Utf8.FromUtf16(reason.Text, body.Slice(2, MaxTextBytes), out _, out var written);
        return 2 + written;
    }

    /// <summary>Codes of the RFC and IANA's registry that stand in frames, of libraries and frameworks (3000) and of applications (4000).</summary>
    private static bool MayBeSent(int code) => code is >= 1000 and <= 1003 or >= 1007 and <= 1014 or >= 3000 and <= 4999;
}
