using System.Text;
using System.Text.Json;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Host.Tests.Fuzz;

/// <summary>Frames as clients might send them, right ones mostly, and each kind of wrong one.</summary>
internal static class HostileFrames
{
    private static readonly Gen<string> Texts = ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get);

    private static readonly Gen<byte[]> Noise = Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>());

    private static readonly Gen<string> Values = ValuesOf(depth: 3);

    private static readonly Gen<string> Channels = Gen.Frequency(
        (80, Gen.Elements("broadcast:x", "broadcast:kept", "broadcast:y")),
        (16, Gen.Elements("user:u:x", "group:g:x", "session:k:x", "raw", ":", "broadcast:", "user::x", "user:u:", "BROADCAST:x", "broadcast:{a}", "broadcast:x:history", "broadcast:a\0b")),
        (4, Texts.Select(text => "broadcast:" + text)),
        (2, Gen.Constant(new string('x', 300))),
        (1, Gen.Constant(""))).Select(name => JsonSerializer.Serialize(name));

    private static readonly Gen<string> Flags = Gen.Elements("true", "false");

    private static readonly Gen<string> Offsets = Gen.Frequency(
        (5, Gen.Choose(0, 100).Select(offset => $"{offset}")), (1, Gen.Elements("9223372036854775807", "18446744073709551615", "18446744073709551616", "-1", "1.5")));

    private static readonly Gen<string> Epochs = Gen.Elements("\"\"", "\"e\"", "null");

    private static readonly Gen<string> Limits = Gen.Elements("0", "1", "-1", "2147483647", "100");

    private static readonly Gen<string> Commands = Gen.Frequency(
        (8, Command("subscribe", ("channel", Channels), ("recover", Flags), ("epoch", Epochs), ("offset", Offsets), ("positioned", Flags), ("join_leave", Flags), ("data", Values))),
        (6, Command("unsubscribe", ("channel", Channels))),
        (8, Command("publish", ("channel", Channels), ("data", Values), ("idempotency_key", Gen.Elements("\"once\"", "\"\"")))),
        (3, Command("presence", ("channel", Channels))),
        (3, Command("presence_stats", ("channel", Channels))),
        (4, Command("history", ("channel", Channels), ("limit", Limits), ("since", Object(("offset", Offsets), ("epoch", Epochs))), ("reverse", Flags))),
        (2, Command("rpc", ("method", Gen.Constant("\"sum\"")), ("data", Values))),
        (2, Command("sub_refresh", ("channel", Channels), ("token", Gen.Constant("\"t\"")))),
        (2, Command("nonsense", ("data", Values))),
        (2, Values.Select(data => $$$"""{"send":{"data":{{{data}}}}}""")),
        (3, Gen.Constant("""{"id":3,"ping":{}}""")),
        (3, Gen.Constant("{}")));

    private static readonly Gen<string> Wrong = Gen.OneOf(
        Command("refresh", ("token", Gen.Elements("\"t\"", "\"\""))),
        Command("connect", ("token", Gen.Elements("\"eyJhbGciOiJIUzI1NiJ9.e30.x\"", "\"\"")), ("data", Values)),
        Texts,
        Values,
        Gen.Elements("", "{", "[]", "{\"ping\":{}}", "{\"id\":-1,\"ping\":{}}", "{\"id\":1,\"ping\":{},\"rpc\":{}}", "{\"id\":1,\"ping\":[]}", "\uFEFF{}", new string('[', 1000)));

    /// <summary>Of a rich client.</summary>
    public static Gen<Sent> Rich(int longest) => Gen.Frequency(
        (100, Messages(from count in Gen.Choose(1, 4) from commands in Gen.ArrayOf(Commands, count) select string.Join('\n', commands))),
        (3, Messages(from before in Commands from wrong in Wrong select before + "\n" + wrong)),
        (1, Gen.Choose(Judge.CommandsPerFrame + 1, 1000).Select(count => new Sent(Mistake.TooMany, ClientFrames.Text(string.Concat(Enumerable.Repeat("{}\n", count)))))),
        (6, Mistaken(longest)));

    /// <summary>Of one of ws4redis mode.</summary>
    public static Gen<Sent> Plain(int longest) => Gen.Frequency((60, Messages(Texts)), (20, Noise.SelectMany(noise => Framed(Opcode.Binary, noise))), (6, Mistaken(longest)));

    private static Gen<Sent> Mistaken(int longest) => Gen.Frequency(
        (2, Noise.Select(noise => new Sent(Mistake.NotText, ClientFrames.Frame(Opcode.Text, [.. noise.Select(one => (byte)(one & 0x7F)), 0xC3, 0x28])))),
        (2, Gen.Elements(longest + 1, 1 << 30, long.MaxValue).Select(length => new Sent(Mistake.TooLong, ClientFrames.Header(Opcode.Text, length)))),
        (6, Unframed),
        (3, Closes));

    private static readonly Gen<Sent> Unframed = Gen.OneOf(
        Gen.Elements(0x10, 0x20, 0x40, 0x70).Select(bits => ClientFrames.Frame(Opcode.Text, "{}"u8.ToArray(), reserved: bits)),
        Gen.Elements(3, 4, 5, 6, 7, 11, 12, 13, 14, 15).Select(opcode => ClientFrames.Frame((Opcode)opcode, "{}"u8.ToArray())),
        Gen.Elements(Opcode.Text, Opcode.Binary, Opcode.Ping, Opcode.Close).Select(opcode => ClientFrames.Frame(opcode, "{}"u8.ToArray(), masked: false)),
        Gen.Elements(16, 64).Select(form => ClientFrames.Frame(Opcode.Text, "{}"u8.ToArray(), lengthForm: form)),
        Gen.Elements(Opcode.Ping, Opcode.Pong, Opcode.Close).Select(opcode => ClientFrames.Frame(opcode, [], final: false)),
        Gen.Elements(Opcode.Ping, Opcode.Pong, Opcode.Close).Select(opcode => ClientFrames.Frame(opcode, new byte[126])),
        Gen.Constant(ClientFrames.Frame(Opcode.Continuation, "{}"u8.ToArray())),
        Gen.Constant((byte[])[.. ClientFrames.Frame(Opcode.Text, "{"u8.ToArray(), final: false), .. ClientFrames.Text("{}")])).Select(bytes => new Sent(Mistake.NoFrame, bytes));

    private static readonly Gen<Sent> Closes = Gen.OneOf(
        Gen.Elements(0, 999, 1000, 1001, 1004, 1005, 1006, 1015, 2999, 3000, 4999, 5000, 65535).Select(code => ClientFrames.Close(code, "bye")),
        Gen.Elements(Array.Empty<byte>(), [3], [3, 0xE8, 0xC3, 0x28]).Select(body => ClientFrames.Frame(Opcode.Close, body))).Select(bytes => new Sent(Mistake.Close, bytes));

    private static Gen<Sent> Messages(Gen<string> texts) =>
        from text in texts
        from opcode in Gen.Frequency((9, Gen.Constant(Opcode.Text)), (1, Gen.Constant(Opcode.Binary)))
        from framed in Framed(opcode, Encoding.UTF8.GetBytes(text))
        select framed;

    /// <summary>Whole, or in pieces with pings between them.</summary>
    private static Gen<Sent> Framed(Opcode opcode, byte[] message) =>
        from isCut in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
        from at in Gen.Choose(0, message.Length)
        select isCut
            ? new Sent(
                Mistake.None,
                [.. ClientFrames.Frame(opcode, message[..at], final: false), .. ClientFrames.Frame(Opcode.Ping, "?"u8.ToArray()), .. ClientFrames.Frame(Opcode.Continuation, message[at..])],
                Frames: 3)
            : new Sent(Mistake.None, ClientFrames.Frame(opcode, message));

    private static Gen<string> Command(string method, params (string Name, Gen<string> Value)[] fields) =>
        from id in Gen.Frequency((200, Gen.Choose(1, 1_000_000)), (1, Gen.Elements(0, -1)))
        from body in Object(fields)
        select $$"""{"id":{{id}},"{{method}}":{{body}}}""";

    /// <summary>Most fields are there, a few are of another type than they should be, and some are nobody's.</summary>
    private static Gen<string> Object(params (string Name, Gen<string> Value)[] fields) => Gen.CollectToArray(fields.Select(field =>
        from value in Gen.Frequency((400, field.Value), (field.Name == "channel" ? 2 : 60, Gen.Constant("")), (1, Values))
        select value.Length == 0 ? "" : $"\"{field.Name}\":{value}").Append(Gen.Frequency((9, Gen.Constant("")), (1, Values.Select(value => $"\"?\":{value}")))))
        .Select(parts => "{" + string.Join(',', parts.Where(part => part.Length > 0)) + "}");

    private static Gen<string> ValuesOf(int depth)
    {
        var leaves = Gen.OneOf(Gen.Elements("null", "true", "0", "-1.5e+3", "\"\"", "{}", "[]"), Texts.Select(text => JsonSerializer.Serialize(text)));
        if (depth == 0) return leaves;

        var smaller = ValuesOf(depth - 1);
        return Gen.OneOf(leaves, smaller.Select(one => $"[{one}, {one}]"), smaller.Select(one => $$"""{"a" : {{one}}}"""));
    }
}
