using System.Buffers;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

public sealed class FramesTests
{
    [Theory]
    [InlineData(0, new byte[] { 0x81, 0 })]
    [InlineData(125, new byte[] { 0x81, 125 })]
    [InlineData(126, new byte[] { 0x81, 126, 0, 126 })]
    [InlineData(65535, new byte[] { 0x81, 126, 255, 255 })]
    [InlineData(65536, new byte[] { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 })]
    public void The_length_takes_its_shortest_form(int length, byte[] header)
    {
        var frame = Written(output => Frames.WriteMessage(output, new byte[length]));

        Assert.Equal(header, frame[..header.Length]);
        Assert.Equal(header.Length + length, frame.Length);
    }

    [Fact]
    public void What_is_not_UTF8_goes_out_as_binary() =>
        Assert.Equal([0x82, 2, 0xC3, 0x28], Written(output => Frames.WriteMessage(output, [0xC3, 0x28])));

    [Fact]
    public void A_close_carries_its_code_and_text() =>
        Assert.Equal([0x88, 6, 0x0B, 0xC0, .. "slow"u8], Written(output => Frames.WriteClose(output, CloseReason.Slow)));

    [Fact]
    public void A_long_close_text_is_cut_at_a_character()
    {
        var frame = Written(output => Frames.WriteClose(output, new(4000, new string('é', 100))));

        Assert.Equal(2 + 2 + 122, frame.Length);
        Assert.Equal(new string('é', 61), Encoding.UTF8.GetString(frame[4..]));
    }

    [Theory]
    [InlineData(1005)]
    [InlineData(1006)]
    public void A_code_that_is_never_on_the_wire_makes_an_empty_close(int code) =>
        Assert.Equal([0x88, 0], Written(output => Frames.WriteClose(output, new(code, "ignored"))));

    [Fact]
    public void A_pong_carries_the_payload_of_its_ping() =>
        Assert.Equal([0x8A, 2, 7, 8], Written(output => Frames.WritePong(output, [7, 8])));

    [Fact]
    public void In_raw_mode_a_frame_is_the_payload_and_an_empty_one_is_no_frame()
    {
        Assert.Equal([0x81, 2, .. "hi"u8], Written(output => RawWireFormat.Instance.Encode(Publication("hi"), output)));
        Assert.Empty(Written(output => RawWireFormat.Instance.Encode(Publication(""), output)));
    }

    private static Publication Publication(string text) =>
        new(ChannelName.Broadcast("foobar"), new StreamPosition("epoch", 1), Encoding.UTF8.GetBytes(text));

    private static byte[] Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
