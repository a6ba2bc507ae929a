using System.Text;
using System.Text.Unicode;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Tests.MustHold;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;
using Google.Protobuf;
using Wire = Broker.Actors.Rich.Protocol.Wire;

namespace Broker.Host.Tests.Fuzz;

/// <summary>Real frames, broken byte by byte in ways that repeat.</summary>
/// <param name="encoding">A rich client's; null for one of ws4redis mode.</param>
internal sealed class HostileBytes(int seed, RichEncoding? encoding)
{
    private static readonly byte[][] Json =
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
        }.Select(command => Encoding.UTF8.GetBytes(command + "\n")),
    ];

    private static readonly byte[][] Protobuf =
    [
        .. new Wire.Command[]
        {
            new() { Id = 2, Subscribe = new() { Channel = "broadcast:x", Recover = true, Epoch = "e", Offset = 12, Data = Bytes("[1]"), Positioned = true, Recoverable = true, JoinLeave = true } },
            new() { Id = 3, Unsubscribe = new() { Channel = "broadcast:x" } },
            new() { Id = 4, Publish = new() { Channel = "broadcast:x", Data = Bytes("{\"text\":\"zoë ☕\"}") } },
            new() { Id = 4, Publish = new() { Channel = "broadcast:x", Data = ByteString.CopyFrom(0xFF, 0, 0x80) } },
            new() { Id = 5, Presence = new() { Channel = "broadcast:x" } },
            new() { Id = 6, PresenceStats = new() { Channel = "broadcast:x" } },
            new() { Id = 7, History = new() { Channel = "broadcast:kept", Limit = 10, Since = new() { Offset = 4, Epoch = "e" }, Reverse = true } },
            new() { Id = 8, Rpc = new() { Method = "sum", Data = Bytes("[1,2,3]") } },
            new() { Send = new() { Data = Bytes("null") } },
            new() { Id = 9, Subscribe = new() { Channel = "broadcast:kept" } },
            new() { Id = 10, Publish = new() { Channel = "broadcast:kept", Data = Bytes("kept") } },
            new() { Id = 11, SubRefresh = new() { Channel = "broadcast:x", Token = "t" } },
            new() { Id = 12, Ping = new() },
            new(),
        }.Select(command => ProtobufClient.Message(command)),
    ];

    private static readonly byte[][] Payloads = [.. new[] { "hello", "{\"a\":1}", "zoë ☕ 𝄞", "" }.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] Tokens =
        [.. new[] { "{", "}", "[", "]", "\"", ":", ",", "\n", "\\u", "\\ud800", "null", "1e999", "-", "\"id\":", "\"data\":", "\uFEFF", "\0", "\x7F", "\x08", "\x0A" }.Select(Encoding.UTF8.GetBytes)];

    private readonly Random _random = new(seed);

    public Sent Next()
    {
        var message = Message();
        var (usual, unusual) = encoding == RichEncoding.Protobuf ? (Opcode.Binary, Opcode.Text) : (Opcode.Text, Opcode.Binary);
        var opcode = _random.Next(8) == 0 ? unusual : usual;
        switch (_random.Next(20))
        {
            case < 13:
                return Whole(opcode, message);

            case < 16:
                for (var changes = _random.Next(1, 4); changes > 0; changes--) Change(message);
                return Whole(opcode, message);

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

    private static Sent Whole(Opcode opcode, List<byte> message)
    {
        var isText = opcode == Opcode.Binary || Utf8.IsValid([.. message]);
        return new Sent(isText ? Mistake.None : Mistake.NotText, ClientFrames.Frame(opcode, [.. message]));
    }

    private List<byte> Message()
    {
        if (encoding is null) return [.. Payloads[_random.Next(Payloads.Length)]];

        List<byte> message = [];
        var real = encoding == RichEncoding.Protobuf ? Protobuf : Json;
        for (var commands = _random.Next(1, 4); commands > 0; commands--) message.AddRange(real[_random.Next(real.Length)]);
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

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);
}
