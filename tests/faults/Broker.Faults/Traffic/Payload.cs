using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Broker.Faults.Traffic;

/// <summary>What a publication says: who published it and which of his it is. Both fit into one number, by which the harness knows the publication.</summary>
internal static class Payload
{
    private const int NumberBits = 20;
    private const int Length = 64;

    public static int Id(int publisher, int number) => (publisher << NumberBits) | number;

    public static int PublisherOf(int id) => id >> NumberBits;

    public static string Text(int id) => id.ToString(CultureInfo.InvariantCulture).PadRight(Length, '.');

    /// <summary>-1 for what no publisher of ours has written.</summary>
    public static int Read(ReadOnlySpan<byte> payload) => Utf8Parser.TryParse(payload, out int id, out var length) && payload[length..].TrimStart((byte)'.').IsEmpty ? id : -1;

    public static int Read(string payload) => Read(Encoding.UTF8.GetBytes(payload));
}
