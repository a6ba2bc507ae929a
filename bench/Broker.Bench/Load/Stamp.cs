using System.Buffers.Text;

namespace Broker.Bench.Load;

/// <summary>
/// What stands in each payload, so that a loss, a repeat or a wrong way is noticed: <c>|M:sequence:time:source|</c>, found inside any envelope that leaves it as it is. Sources number
/// their publications from 0.
/// </summary>
internal readonly record struct Stamp(long Sequence, long At, int Source)
{
    /// <summary>The longest that there is.</summary>
    public const int MaxLength = 64;

    public enum Found
    {
        Whole,
        Part,
        Other,
    }

    public int Write(Span<byte> into)
    {
        "|M:"u8.CopyTo(into);
        var at = 3;
        Put(into, ref at, Sequence, ':');
        Put(into, ref at, At, ':');
        Put(into, ref at, Source, '|');
        return at;
    }

    /// <param name="text">Begins with <c>|</c>.</param>
    /// <param name="stamp">The stamp, if it is whole.</param>
    /// <param name="length">How long it is.</param>
    public static Found Read(ReadOnlySpan<byte> text, out Stamp stamp, out int length)
    {
        stamp = default;
        length = 3;
        if (text.Length < 3) return "|M:"u8.StartsWith(text) ? Found.Part : Found.Other;
        if (text[1] != 'M' || text[2] != ':') return Found.Other;

        var first = Number(text, ref length, ':');
        var second = first < 0 ? first : Number(text, ref length, ':');
        var third = second < 0 ? second : Number(text, ref length, '|');
        if (third < 0) return third == -1 ? Found.Part : Found.Other;

        stamp = new Stamp(first, second, (int)third);
        return Found.Whole;
    }

    // -1: the text ends in it. -2: it is none.
    private static long Number(ReadOnlySpan<byte> text, ref int at, char end)
    {
        long value = 0;
        for (; at < text.Length; at++)
        {
            var digit = (uint)(text[at] - '0');
            if (digit <= 9)
            {
                value = (value * 10) + digit;
                continue;
            }

            if (text[at++] != end) return -2;

            return value;
        }

        return -1;
    }

    private static void Put(Span<byte> into, ref int at, long number, char end)
    {
        Utf8Formatter.TryFormat(number, into[at..], out var written);
        at += written;
        into[at++] = (byte)end;
    }
}
