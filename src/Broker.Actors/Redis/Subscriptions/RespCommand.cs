using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Broker.Actors.Redis.Subscriptions;

/// <summary>Writes commands the way Redis reads them.</summary>
internal static class RespCommand
{
    public static void Write(IBufferWriter<byte> to, string command, params ReadOnlySpan<byte[]> arguments)
    {
        WriteHeader(to, '*', arguments.Length + 1);
        WriteBulk(to, Encoding.ASCII.GetBytes(command));
        foreach (var argument in arguments) WriteBulk(to, argument);
    }

    private static void WriteBulk(IBufferWriter<byte> to, byte[] bytes)
    {
        WriteHeader(to, '$', bytes.Length);
        to.Write(bytes);
        to.Write("\r\n"u8);
    }

    private static void WriteHeader(IBufferWriter<byte> to, char type, int number)
    {
        var span = to.GetSpan(16);
        span[0] = (byte)type;
        Utf8Formatter.TryFormat(number, span[1..], out var written);
        "\r\n"u8.CopyTo(span[(1 + written)..]);
        to.Advance(written + 3);
    }
}
