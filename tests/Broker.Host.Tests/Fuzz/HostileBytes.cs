using System.Text;
using System.Text.Unicode;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.Fuzz;

/// <summary>Real frames, broken byte by byte in ways that repeat.</summary>
internal sealed class HostileBytes(int seed, bool isRich)
{
    private static readonly byte[][] Commands =
    [
        .. new[]
        {
            """{"id":2,"subscribe":{"channel":"broadcast:x","recover":true,"epoch":"e","offset":12,"data":[1],"positioned":true,"recoverable":true,"join_leave":true}}""",
            """{"id":3,"unsubscribe":{"channel":"broadcast:x"}}""",
            """{"id":4,"publish":{"channel":"broadcast:x","data":{"text":"zoë ☕ \ud83d\ude00","n":-1.5e+3,"deep":[[[{}]]]}}}""",
            """{"id":5,"presence":{"channel":"broadcast:x"}}""",
            """{"id":6,"presence_stats":{"channel":"broadcast:x"}}""",
            """{"id":7,"history":{"channel":"broadcast:kept","limit":10,"since":{"offset":4,"epoch":"e"},"reverse":true}}""",
            """{"id":8,"rpc":{"method":"sum","data":[1,2,3]}}""",
            """{"send":{"data":null}}""",
            """{"id":9,"subscribe":{"channel":"broadcast:kept"}}""",
            """{"id":10,"publish":{"channel":"broadcast:kept","data":"kept","idempotency_key":"once"}}""",
            """{"id":11,"sub_refresh":{"channel":"broadcast:x","token":"t"}}""",
            """{"id":12,"ping":{}}""",
            "{}",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Payloads = [.. new[] { "hello", "{\"a\":1}", "zoë ☕ 𝄞", "" }.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] Tokens =
        [.. new[] { "{", "}", "[", "]", "\"", ":", ",", "\n", "\\u", "\\ud800", "null", "1e999", "-", "\"id\":", "\"data\":", "\uFEFF", "\0" }.Select(Encoding.UTF8.GetBytes)];

    private readonly Random _random = new(seed);

    public Sent Next()
    {
        var message = Message();
        var opcode = _random.Next(8) == 0 ? Opcode.Binary : Opcode.Text;
        switch (_random.Next(20))
        {
            case < 13:
                return new Sent(Mistake.None, ClientFrames.Frame(opcode, [.. message]));

            case < 16:
                for (var changes = _random.Next(1, 4); changes > 0; changes--) Change(message);
                var isText = opcode == Opcode.Binary || Utf8.IsValid([.. message]);
                return new Sent(isText ? Mistake.None : Mistake.NotText, ClientFrames.Frame(opcode, [.. message]));

            case < 19:
                List<byte> frame = [.. ClientFrames.Frame(opcode, [.. message])];
                for (var changes = _random.Next(1, 3); changes > 0; changes--) Change(frame);
                return new Sent(Mistake.Anything, [.. frame]);

            default:
                var noise = new byte[_random.Next(1, 200)];
                _random.NextBytes(noise);
                return new Sent(Mistake.Anything, noise);
        }
    }

    private List<byte> Message()
    {
        if (!isRich) return [.. Payloads[_random.Next(Payloads.Length)]];

        List<byte> message = [];
        for (var commands = _random.Next(1, 4); commands > 0; commands--)
        {
            message.AddRange(Commands[_random.Next(Commands.Length)]);
            message.Add((byte)'\n');
        }

        return message;
    }

    private void Change(List<byte> bytes)
    {
        if (bytes.Count == 0) return;

        var at = _random.Next(bytes.Count);
        var length = _random.Next(1, Math.Min(40, bytes.Count - at) + 1);
        switch (_random.Next(7))
        {
            case 0: bytes[at] = (byte)_random.Next(256); break;
            case 1: bytes[at] ^= (byte)(1 << _random.Next(8)); break;
            case 2: bytes.RemoveRange(at, length); break;
            case 3: bytes.InsertRange(at, Tokens[_random.Next(Tokens.Length)]); break;
            case 4: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
            case 5: bytes.InsertRange(_random.Next(bytes.Count), bytes.GetRange(at, length)); break;
            default: bytes.InsertRange(at, Enumerable.Repeat(bytes[at], _random.Next(1, 300))); break;
        }
    }
}
