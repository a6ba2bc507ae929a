using System.Text;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Tests.Rich;

/// <summary>Real commands, broken at random in ways that repeat: no exception comes out, and what is taken is whole.</summary>
public sealed class CommandReaderFuzz
{
    private const int MaxCommands = 16;

    private static readonly byte[][] Json = [.. InBoth.Commands.Select(command => Encoding.UTF8.GetBytes(command.Json + "\n"))];

    private static readonly byte[][] Protobuf = [.. InBoth.Commands.Select(command => InBoth.Framed(command.Protobuf))];

    /// <summary>Lengths and tags of protobuf besides: of 32 and of 64 bits, without an end, of groups.</summary>
    private static readonly byte[][] Tokens =
    [
        [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x80, 0x80, 0x80, 0x80], [0x0A], [0x08], [0x5A, 0x00], [0x2B], [0x2C],
        .. new[] { "{", "}", "[", "]", "\"", ":", ",", "\n", "\\u", "\\ud800", "null", "1e999", "-", "\"id\":", "\"data\":", "\uFEFF", "\0" }.Select(Encoding.UTF8.GetBytes),
    ];

    [Theory]
    [InlineData(20_261_122, false)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(20_261_122, true)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void A_broken_frame_is_taken_whole_or_not_at_all(int seed, bool isProtobuf)
    {
        var encoding = isProtobuf ? RichEncoding.Protobuf : RichEncoding.Json;
        var random = new Random(seed);
        var taken = 0;
        for (var i = 0; i < 25_000; i++)
        {
            var frame = Frame(random, isProtobuf ? Protobuf : Json);
            if (!encoding.TryRead(frame, MaxCommands, out var commands, out _)) continue;

            taken++;
            Assert.InRange(commands.Count, 1, MaxCommands);
            Assert.All(commands, command => Assert.True(command is Pong or Send || command.Id > 0));
            if (isProtobuf) continue;

            foreach (var data in commands.Select(InBoth.DataOf).Where(data => data.Length > 0))
            {
                Assert.True(frame.AsSpan().Overlaps(data.Span));
                Assert.Equal(PayloadForm.Json, Payloads.FormOf(data.Span));
            }
        }

        // Otherwise it only shows that nonsense is refused.
        Assert.InRange(taken, 2_500, 22_500);
    }

    private static byte[] Frame(Random random, byte[][] real)
    {
        List<byte> frame = [];
        for (var commands = random.Next(1, 4); commands > 0; commands--) frame.AddRange(real[random.Next(real.Length)]);

        for (var changes = random.Next(4); changes > 0; changes--) Change(frame, random);
        return [.. frame];
    }

    private static void Change(List<byte> frame, Random random)
    {
        if (frame.Count == 0) return;

        var at = random.Next(frame.Count);
        var length = random.Next(1, Math.Min(40, frame.Count - at) + 1);
        switch (random.Next(7))
        {
            case 0: frame[at] = (byte)random.Next(256); break;
            case 1: frame[at] ^= (byte)(1 << random.Next(8)); break;
            case 2: frame.RemoveRange(at, length); break;
            case 3: frame.InsertRange(at, Tokens[random.Next(Tokens.Length)]); break;
            case 4: frame.InsertRange(at, frame.GetRange(at, length)); break;
            case 5: frame.InsertRange(random.Next(frame.Count), frame.GetRange(at, length)); break;
            default: frame.InsertRange(at, Enumerable.Repeat(frame[at], random.Next(1, 300))); break;
        }
    }
}
