using Broker.Actors.Rich.Protocol;
using Google.Protobuf;
using Wire = Broker.Actors.Rich.Protocol.Wire;

namespace Broker.Actors.Tests.Rich;

public sealed class ProtobufReaderTests
{
    private static readonly byte[] Ping = InBoth.Framed(new Wire.Command { Id = 1, Ping = new() });

    [Fact]
    public void Commands_of_a_message_keep_their_order()
    {
        var message = InBoth.Framed(new() { Id = 1, Ping = new() }, new(), new() { Send = new() { Data = ByteString.CopyFrom(0xFF, 0) } }, new() { Id = 2, Rpc = new() { Method = "m" } });

        Assert.True(ProtobufReader.TryRead(message, 4, out var commands, out _));

        Assert.Equal([typeof(Ping), typeof(Pong), typeof(Send), typeof(Rpc)], commands.Select(command => command.GetType()));
        Assert.Equal([0xFF, 0], Assert.IsType<Send>(commands[2]).Data.ToArray());
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("05 08 01", "it is cut")]
    [InlineData("80", "its length is cut")]
    [InlineData("FF FF FF FF 0F", "its length is beyond it")]
    [InlineData("FF FF FF FF FF 7F", "its length has more than 32 bits")]
    [InlineData("80 80 80 80 80 00", "its length has more bytes than it may have")]
    [InlineData("FF FF FF FF FF FF FF FF FF FF FF", "its length does not end")]
    [InlineData("04 08 01 5A 00 04", "there is more after it")]
    [InlineData("02 5A 00", "it has no id")]
    [InlineData("03 08 01 5A", "a field is cut")]
    [InlineData("04 08 01 5A 05", "a field's length is beyond it")]
    [InlineData("04 08 01 5A FF", "a field's length is cut")]
    [InlineData("0C 08 FF FF FF FF FF FF FF FF FF FF 01", "its id does not end")]
    [InlineData("04 08 01 00 00", "a field has no number")]
    [InlineData("04 08 01 2B 2B", "a group does not end")]
    [InlineData("04 08 01 2C 2C", "a group ends that has not begun")]
    [InlineData("04 08 01 57 00", "a field is of no type that there is")]
    public void A_bad_message_is_told(string bytes, string why) =>
        Assert.False(ProtobufReader.TryRead(Hex(bytes), 8, out _, out _), why);

    [Theory]
    [InlineData("84 00 08 01 5A 00", "a length of two bytes that would be one")]
    [InlineData("07 08 01 5A 03 A2 06 00", "an unknown field within a method")]
    [InlineData("0A 08 01 F2 3F 03 01 02 03 5A 00 00", "an unknown field, and a pong after it")]
    [InlineData("06 08 01 5A 00 70 01", "a known field of another type is none")]
    [InlineData("08 08 01 5A 00 A3 06 A4 06", "an unknown group")]
    [InlineData("06 5A 00 08 07 08 01", "an id that is there twice")]
    [InlineData("06 08 01 52 00 5A 00", "two methods")]
    public void A_message_that_is_strange_but_right_is_taken(string bytes, string why)
    {
        Assert.True(ProtobufReader.TryRead(Hex(bytes), 2, out var commands, out _), why);

        Assert.Equal(new Ping(1), commands[0]);
    }

    [Fact]
    public void More_commands_than_allowed_are_bad()
    {
        Assert.True(ProtobufReader.TryRead((byte[])[.. Ping, 0], 2, out _, out _));
        Assert.False(ProtobufReader.TryRead((byte[])[.. Ping, 0, 0], 2, out _, out var hasTooMany));
        Assert.True(hasTooMany);
        Assert.False(ProtobufReader.TryRead((byte[])[.. Ping, 7], 2, out _, out hasTooMany));
        Assert.False(hasTooMany);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        // Groups within groups: no field that Broker knows is as deep.
        byte[] nested = [.. Enumerable.Repeat((byte)0xA3, 30_000).SelectMany(group => new[] { group, (byte)0x06 }), .. Enumerable.Repeat((byte)0xA4, 30_000).SelectMany(group => new[] { group, (byte)0x06 })];

        Assert.False(ProtobufReader.TryRead(Delimited(nested), 1, out _, out _));
    }

    [Fact]
    public void A_name_that_is_no_text_is_another_one()
    {
        byte[] command = [0x08, 0x01, 0x32, 0x04, 0x0A, 0x02, 0xC3, 0x28];

        Assert.True(ProtobufReader.TryRead(Delimited(command), 1, out var commands, out _));

        Assert.Equal(new Unsubscribe(1, "\uFFFD("), Assert.Single(commands));
    }

    // What a method held was copied each time that it came again, its subscriptions among it: one frame of 128 KiB, from anybody, cost 34 s and 47 GiB.
    [Fact]
    public void A_method_that_comes_again_and_again_costs_what_its_bytes_do()
    {
        var subscriptions = Enumerable.Range(0, 10_000).SelectMany(i => new byte[] { 0x1A, 0x04, 0x0A, 0x02, (byte)('0' + (i % 70)), (byte)('0' + (i / 70 % 70)) }).ToArray();
        byte[] length = [(byte)(0x80 | (subscriptions.Length & 0x7F)), (byte)(0x80 | ((subscriptions.Length >> 7) & 0x7F)), (byte)(subscriptions.Length >> 14)];
        foreach (var tag in new byte[] { 0x22, 0x2A, 0x52 })
        {
            byte[] command = [0x08, 0x01, tag, .. length, .. subscriptions, .. Enumerable.Repeat(new byte[] { tag, 0x00 }, 30_000).SelectMany(again => again)];
            var before = GC.GetAllocatedBytesForCurrentThread();

            Assert.True(ProtobufReader.TryRead(Delimited(command), 1, out _, out _));

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024 * 1024);
        }
    }

    [Fact]
    public void A_command_that_connects_does_nothing_else() => Assert.False(ProtobufReader.TryRead(Hex("06 08 01 22 00 5A 00"), 1, out _, out _));

    private static byte[] Hex(string bytes) => Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal));

    private static byte[] Delimited(byte[] command)
    {
        using var message = new MemoryStream();
        using (var output = new CodedOutputStream(message, leaveOpen: true)) output.WriteLength(command.Length);
        message.Write(command);
        return message.ToArray();
    }
}
