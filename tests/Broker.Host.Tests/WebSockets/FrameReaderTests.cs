using System.Buffers;
using System.Text;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

public sealed class FrameReaderTests
{
    private const int Limit = 64 * 1024;

    [Fact]
    public void A_text_message_is_unmasked_and_whole()
    {
        var received = Assert.Single(Read(ClientFrames.Text("café ☕")));

        Assert.Equal(IncomingKind.Text, received.Kind);
        Assert.Equal("café ☕", Encoding.UTF8.GetString(received.Payload.Span));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void A_message_of_any_length_up_to_the_limit_is_binary_as_it_was_sent(int length)
    {
        var payload = Enumerable.Range(0, length).Select(index => (byte)(index * 7)).ToArray();

        var received = Assert.Single(Read(ClientFrames.Frame(Opcode.Binary, payload)));

        Assert.Equal(IncomingKind.Binary, received.Kind);
        Assert.Equal(payload, received.Payload.ToArray());
    }

    [Fact]
    public void Fragments_join_and_pings_between_them_come_first()
    {
        var received = Read(
            ClientFrames.Frame(Opcode.Text, "Hel"u8.ToArray(), final: false),
            ClientFrames.Frame(Opcode.Ping, "are you there"u8.ToArray()),
            ClientFrames.Frame(Opcode.Continuation, [], final: false),
            ClientFrames.Frame(Opcode.Continuation, "lo"u8.ToArray()));

        Assert.Equal([IncomingKind.Ping, IncomingKind.Text], received.Select(one => one.Kind));
        Assert.Equal("are you there", Encoding.UTF8.GetString(received[0].Payload.Span));
        Assert.Equal("Hello", Encoding.UTF8.GetString(received[1].Payload.Span));
    }

    [Fact]
    public void A_character_may_be_cut_by_fragments()
    {
        var bytes = Encoding.UTF8.GetBytes("𝄞");

        var received = Read(
            ClientFrames.Frame(Opcode.Text, bytes[..1], final: false),
            ClientFrames.Frame(Opcode.Continuation, bytes[1..3], final: false),
            ClientFrames.Frame(Opcode.Continuation, bytes[3..]));

        Assert.Equal("𝄞", Encoding.UTF8.GetString(Assert.Single(received).Payload.Span));
    }

    [Fact]
    public void Messages_behind_each_other_are_told_apart()
    {
        var received = Read(ClientFrames.Text("one"), ClientFrames.Text(""), ClientFrames.Text("three"));

        Assert.Equal(["one", "", "three"], received.Select(one => Encoding.UTF8.GetString(one.Payload.Span)));
    }

    [Fact]
    public void A_close_carries_code_and_text()
    {
        Assert.Equal(new(4000, "bye"), Assert.Single(Read(ClientFrames.Close(4000, "bye"))).Reason);
        Assert.Equal(1005, Assert.Single(Read(ClientFrames.Frame(Opcode.Close, []))).Reason.Code);
    }

    public static TheoryData<string, byte[], int> Violations() => new()
    {
        { "RSV1", ClientFrames.Frame(Opcode.Text, [65], reserved: 0x40), 1002 },
        { "RSV2", ClientFrames.Frame(Opcode.Text, [65], reserved: 0x20), 1002 },
        { "RSV3 on a ping", ClientFrames.Frame(Opcode.Ping, [], reserved: 0x10), 1002 },
        { "opcode 3", ClientFrames.Frame((Opcode)3, [65]), 1002 },
        { "opcode 7", ClientFrames.Frame((Opcode)7, []), 1002 },
        { "opcode 11", ClientFrames.Frame((Opcode)11, []), 1002 },
        { "opcode 15", ClientFrames.Frame((Opcode)15, []), 1002 },
        { "unmasked text", ClientFrames.Frame(Opcode.Text, [65], masked: false), 1002 },
        { "unmasked ping", ClientFrames.Frame(Opcode.Ping, [], masked: false), 1002 },
        { "fragmented ping", ClientFrames.Frame(Opcode.Ping, [], final: false), 1002 },
        { "fragmented close", ClientFrames.Frame(Opcode.Close, [], final: false), 1002 },
        { "ping of 126 bytes", ClientFrames.Frame(Opcode.Ping, new byte[126]), 1002 },
        { "pong with a long length", ClientFrames.Frame(Opcode.Pong, [], lengthForm: 64), 1002 },
        { "lone continuation", ClientFrames.Frame(Opcode.Continuation, [65]), 1002 },
        { "lone unfinished continuation", ClientFrames.Frame(Opcode.Continuation, [65], final: false), 1002 },
        { "continuation after a whole message", [.. ClientFrames.Text("a"), .. ClientFrames.Frame(Opcode.Continuation, [65])], 1002 },
        { "text within a text", [.. ClientFrames.Frame(Opcode.Text, [65], final: false), .. ClientFrames.Text("b")], 1002 },
        { "length with the top bit", ClientFrames.Header(Opcode.Binary, long.MinValue + 5), 1002 },
        { "long form of a short length", ClientFrames.Frame(Opcode.Binary, new byte[125], lengthForm: 16), 1002 },
        { "longest form of a short length", ClientFrames.Frame(Opcode.Binary, new byte[126], lengthForm: 64), 1002 },
        { "close of one byte", ClientFrames.Frame(Opcode.Close, [3]), 1002 },
        { "close 0", ClientFrames.Close(0), 1002 },
        { "close 999", ClientFrames.Close(999), 1002 },
        { "close 1004", ClientFrames.Close(1004), 1002 },
        { "close 1005", ClientFrames.Close(1005), 1002 },
        { "close 1006", ClientFrames.Close(1006), 1002 },
        { "close 1016", ClientFrames.Close(1016), 1002 },
        { "close 1100", ClientFrames.Close(1100), 1002 },
        { "close 2999", ClientFrames.Close(2999), 1002 },
        { "close 5000", ClientFrames.Close(5000), 1002 },
        { "close 65535", ClientFrames.Close(65535), 1002 },
        { "close text not UTF-8", ClientFrames.Frame(Opcode.Close, [3, 232, 0xFF]), 1007 },
        { "text not UTF-8", ClientFrames.Frame(Opcode.Text, [0xC3, 0x28]), 1007 },
        { "text ends within a character", ClientFrames.Frame(Opcode.Text, [0xE2, 0x98]), 1007 },
        { "surrogate", ClientFrames.Frame(Opcode.Text, [0xED, 0xA0, 0x80]), 1007 },
        { "overlong", ClientFrames.Frame(Opcode.Text, [0xC0, 0xAF]), 1007 },
        { "too large by one", ClientFrames.Frame(Opcode.Binary, new byte[Limit + 1]), 1009 },
        { "announced as too large", ClientFrames.Header(Opcode.Binary, Limit + 1), 1009 },
        { "announced as huge", ClientFrames.Header(Opcode.Text, long.MaxValue), 1009 },
        {
            "too large in sum",
            [.. ClientFrames.Frame(Opcode.Binary, new byte[Limit], final: false), .. ClientFrames.Frame(Opcode.Continuation, [1])],
            1009
        },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public void A_broken_rule_is_told_by_its_close_code(string rule, byte[] bytes, int code)
    {
        var last = Read(bytes).First(one => one.Kind is not (IncomingKind.Text or IncomingKind.Binary));

        Assert.True(last.Kind == IncomingKind.Violation, rule);
        Assert.Equal(code, last.Reason.Code);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1003)]
    [InlineData(1007)]
    [InlineData(1014)]
    [InlineData(3000)]
    [InlineData(4999)]
    public void Codes_that_a_client_may_send_are_taken(int code) =>
        Assert.Equal(code, Assert.Single(Read(ClientFrames.Close(code))).Reason.Code);

    [Fact]
    public void Text_is_refused_at_its_first_wrong_byte_before_its_message_is_whole()
    {
        var frame = ClientFrames.Frame(Opcode.Text, [.. "fine until here"u8, 0xFF, .. new byte[10_000]]);

        var received = Read(frame[..(frame.Length - 10_000)]);

        Assert.Equal(1007, Assert.Single(received).Reason.Code);
    }

    [Theory]
    [InlineData(0xF4, 0x90)]
    [InlineData(0xED, 0xA0)]
    [InlineData(0xE0, 0x80)]
    public void A_character_that_can_never_become_valid_is_refused_before_it_is_whole(byte first, byte second)
    {
        var received = Read(ClientFrames.Frame(Opcode.Text, [65, first, second], final: false));

        Assert.Equal(1007, Assert.Single(received).Reason.Code);
    }

    [Fact]
    public void A_wrong_header_is_refused_before_it_is_whole()
    {
        var received = Read([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]);

        Assert.Equal(1002, Assert.Single(received).Reason.Code);
    }

    [Fact]
    public void A_message_of_very_many_empty_fragments_is_refused()
    {
        var first = ClientFrames.Frame(Opcode.Text, [], final: false);
        var next = ClientFrames.Frame(Opcode.Continuation, [], final: false);

        var received = Read([first, .. Enumerable.Repeat(next, FrameReader.MaxFragments)]);

        Assert.Equal(1009, Assert.Single(received).Reason.Code);
    }

    [Fact]
    public void After_a_violation_the_close_that_follows_is_still_found()
    {
        var received = Read(ClientFrames.Frame(Opcode.Text, [0xFF]), ClientFrames.Text("ignored"), ClientFrames.Close(1007));

        Assert.Equal([IncomingKind.Violation, IncomingKind.Close], received.Select(one => one.Kind));
    }

    [Fact]
    public void A_message_larger_than_the_limit_is_skipped_up_to_the_close_behind_it()
    {
        var received = Read(ClientFrames.Frame(Opcode.Binary, new byte[Limit + 100]), ClientFrames.Close(1009));

        Assert.Equal([IncomingKind.Violation, IncomingKind.Close], received.Select(one => one.Kind));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Unmasking_begins_anywhere_in_a_payload(int position)
    {
        byte[] key = [1, 2, 4, 8];
        var plain = Enumerable.Range(0, 203).Select(index => (byte)index).ToArray();
        var masked = plain.Select((value, index) => (byte)(value ^ key[(index + position) % 4])).ToArray();

        var target = new byte[plain.Length];
        Masking.Unmask(masked, target, BitConverter.ToUInt32(key), position);

        Assert.Equal(plain, target);
    }

    internal static List<Incoming> Read(params byte[][] frames)
    {
        var reader = new FrameReader(Limit);
        var input = new ReadOnlySequence<byte>([.. frames.SelectMany(frame => frame)]);
        return ReadAll(reader, ref input);
    }

    internal static List<Incoming> ReadAll(FrameReader reader, ref ReadOnlySequence<byte> input)
    {
        var all = new List<Incoming>();
        while (reader.Read(ref input) is { Kind: not IncomingKind.Nothing } received)
        {
            all.Add(received);
            if (received.Kind == IncomingKind.Close) break;
        }

        return all;
    }
}
