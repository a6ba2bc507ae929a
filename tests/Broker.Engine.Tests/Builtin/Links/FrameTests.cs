using System.Buffers;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Engine.Tests.Builtin.Links;

public sealed class FrameTests
{
    [Fact]
    public void Frames_come_out_as_they_went_in_however_they_are_cut() => Prop.ForAll<byte[][], int>((payloads, seed) =>
    {
        var bytes = payloads.SelectMany(payload => Frame.Of(FrameKind.Message, payload).Memory.ToArray()).ToArray();
        var random = new Random(seed);
        var read = new List<byte[]>();
        var waiting = Array.Empty<byte>();
        for (var at = 0; at < bytes.Length;)
        {
            var piece = random.Next(1, 40);
            waiting = [.. waiting, .. bytes.Skip(at).Take(piece)];
            at += piece;
            var buffer = new ReadOnlySequence<byte>(waiting);
            while (Frame.TryRead(ref buffer, 1 << 20, out _, out var payload) == FrameRead.Complete)
            {
                read.Add(payload.ToArray());
            }

            waiting = buffer.ToArray();
        }

        Assert.Empty(waiting);
        Assert.Equal(payloads, read);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_bytes_at_all_make_the_reader_fail_or_want_more_than_a_frame() => Prop.ForAll<byte[]>(bytes =>
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        var outcome = Frame.TryRead(ref buffer, 100, out _, out _);

        Assert.True(outcome != FrameRead.Incomplete || buffer.Length < Frame.HeaderLength + 100);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(new byte[] { 101, 0, 0, 0 })]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { 1, 0, 0, 0, Frame.WireVersion + 1 })]
    [InlineData(new byte[] { (byte)'G', (byte)'E', (byte)'T', (byte)' ' })]
    public void Garbage_is_known_before_it_is_complete(byte[] bytes)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);

        Assert.Equal(FrameRead.Garbage, Frame.TryRead(ref buffer, 100, out _, out _));
    }

    [Fact]
    public void A_message_comes_out_as_it_went_in() => Prop.ForAll<int, byte[], byte[]>((serializer, path, message) =>
    {
        Assert.True(MessageFrame.TryWrite(serializer, path, [1, 2], "manifest", message, 1 << 20, out var frame));
        Assert.True(MessageFrame.TryRead(frame.Payload, out var read));

        Assert.Equal(serializer, read.Serializer);
        Assert.Equal(path, read.Recipient.ToArray());
        Assert.Equal([1, 2], read.Sender.ToArray());
        Assert.Equal("manifest"u8.ToArray(), read.Manifest.ToArray());
        Assert.Equal(message, read.Message.ToArray());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_message_that_is_cut_short_is_refused_and_never_read_past_its_end() => Prop.ForAll<byte[]>(bytes =>
    {
        if (MessageFrame.TryRead(bytes, out var read))
        {
            Assert.Equal(bytes.Length, 4 + 2 + read.Recipient.Length + 2 + read.Sender.Length + 2 + read.Manifest.Length + read.Message.Length);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_longer_than_a_frame_is_not_written()
    {
        Assert.False(MessageFrame.TryWrite(1, "/user/a"u8, [], "m", new byte[1000], maxLength: 1000, out _));
        Assert.True(MessageFrame.TryWrite(1, "/user/a"u8, [], "m", new byte[1000 - 50], maxLength: 1000, out _));
    }

    [Fact]
    public void A_header_takes_no_memory_for_what_it_announces()
    {
        byte[] header = [.. BitConverter.GetBytes(60 << 20), Frame.WireVersion, (byte)FrameKind.Message];
        var buffer = new ReadOnlySequence<byte>(header);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var outcome = Frame.TryRead(ref buffer, 64 << 20, out _, out _);

        Assert.Equal(FrameRead.Incomplete, outcome);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }
}
