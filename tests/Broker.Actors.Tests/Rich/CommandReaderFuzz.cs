using System.Text;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Tests.Rich;

/// <summary>Real commands, broken at random in ways that repeat: no exception comes out, and what is taken is whole.</summary>
public sealed class CommandReaderFuzz
{
    private const int MaxCommands = 16;

    private static readonly byte[][] Real =
    [
        .. new[]
        {
            """{"connect":{"token":"eyJhbGciOiJIUzI1NiJ9.e30.x","data":{"client":"c-1"},"name":"js","version":"5","subs":{"user:u:x":{"recover":true,"epoch":"e","offset":7}}},"id":1}""",
            """{"id":2,"subscribe":{"channel":"broadcast:x","token":"t","recover":true,"epoch":"e","offset":12,"data":[1],"positioned":true,"recoverable":true,"join_leave":true}}""",
            """{"id":3,"unsubscribe":{"channel":"broadcast:x"}}""",
            """{"id":4,"publish":{"channel":"broadcast:x","data":{"text":"zoë ☕ \ud83d\ude00","n":-1.5e+3,"deep":[[[{}]]]}}}""",
            """{"id":5,"presence":{"channel":"broadcast:x"}}""",
            """{"id":6,"presence_stats":{"channel":"broadcast:x"}}""",
            """{"id":7,"history":{"channel":"broadcast:x","limit":10,"since":{"offset":4,"epoch":"e"},"reverse":true}}""",
            """{"id":8,"rpc":{"method":"sum","data":[1,2,3]}}""",
            """{"send":{"data":null}}""",
            """{"id":9,"refresh":{"token":"t"}}""",
            """{"id":10,"sub_refresh":{"channel":"broadcast:x","token":"t"}}""",
            """{"id":11,"ping":{}}""",
            "{}",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Tokens = [.. new[] { "{", "}", "[", "]", "\"", ":", ",", "\n", "\\u", "\\ud800", "null", "1e999", "-", "\"id\":", "\"data\":", "\uFEFF", "\0" }.Select(Encoding.UTF8.GetBytes)];

    [Theory]
    [InlineData(20_261_122)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_broken_frame_is_taken_whole_or_not_at_all(int seed)
    {
        var random = new Random(seed);
        var taken = 0;
        for (var i = 0; i < 25_000; i++)
        {
            var frame = Frame(random);
            if (!JsonReader.TryRead(frame, MaxCommands, out var commands, out _)) continue;

            taken++;
            Assert.InRange(commands.Count, 1, MaxCommands);
            Assert.All(commands, command => Assert.True(command is Pong or Send || command.Id > 0));
            foreach (var data in commands.Select(DataOf).Where(data => data.Length > 0))
            {
                Assert.True(frame.AsSpan().Overlaps(data.Span));
                Assert.Equal(PayloadForm.Json, Payloads.FormOf(data.Span));
            }
        }

        // Otherwise it only shows that nonsense is refused.
        Assert.InRange(taken, 2_500, 22_500);
    }

    private static ReadOnlyMemory<byte> DataOf(Command command) => command switch
    {
        Connect connect => connect.Data,
        Subscribe subscribe => subscribe.Data,
        Publish publish => publish.Data,
        Rpc rpc => rpc.Data,
        Send send => send.Data,
        _ => default,
    };

    private static byte[] Frame(Random random)
    {
        List<byte> frame = [];
        for (var commands = random.Next(1, 4); commands > 0; commands--)
        {
            frame.AddRange(Real[random.Next(Real.Length)]);
            frame.Add((byte)'\n');
        }

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
