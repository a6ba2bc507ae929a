using System.Buffers;
using System.Globalization;
using System.Text;
using Broker.Actors.Redis.Subscriptions;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Actors.Tests.Redis;

/// <summary>RESP2, however it is cut into pieces, and whatever else may come.</summary>
public sealed class RespReaderTests
{
    private const int Bound = 256 * 1024;

    private static readonly FsCheck.Config Thorough = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500);

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static string Show(in RespFrame frame)
    {
        var items = new List<string>();
        for (var i = 0; i < frame.Count; i++)
        {
            var text = frame.Kind(i) == RespKind.Number ? frame.Number(i).ToString(CultureInfo.InvariantCulture) : Encoding.Latin1.GetString(frame.Bytes(i));
            items.Add($"{frame.Kind(i)}:{text}");
        }

        return frame.IsArray ? $"[{string.Join(' ', items)}]" : items[0];
    }

    private static List<string> Read(RespReader reader, ReadOnlySpan<byte> bytes, Func<int> piece)
    {
        var frames = new List<string>();
        while (bytes.Length > 0)
        {
            var free = reader.Free();
            Assert.NotEqual(0, free.Length);
            var part = bytes[..Math.Min(Math.Min(free.Length, bytes.Length), Math.Max(1, piece()))];
            part.CopyTo(free);
            reader.Filled(part.Length);
            bytes = bytes[part.Length..];
            while (reader.TryRead(out var frame)) frames.Add(Show(frame));
        }

        return frames;
    }

    [Theory]
    [InlineData("+OK\r\n", "Simple:OK")]
    [InlineData("+\r\n", "Simple:")]
    [InlineData("-ERR no\r\n", "Error:ERR no")]
    [InlineData(":-42\r\n", "Number:-42")]
    [InlineData("$0\r\n\r\n", "Bulk:")]
    [InlineData("$4\r\na\r\nb\r\n", "Bulk:a\r\nb")]
    [InlineData("$-1\r\n", "Nil:")]
    [InlineData("*0\r\n", "[]")]
    [InlineData("*-1\r\n", "[]")]
    [InlineData("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n", "[Bulk:message Bulk:c Bulk:hi]")]
    [InlineData("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", "[Bulk:subscribe Bulk:c Number:1]")]
    public void A_reply_is_read_once_it_is_whole(string bytes, string frame)
    {
        Assert.Equal([frame], Read(new RespReader(Bound), Bytes(bytes), () => int.MaxValue));
        Assert.Equal([frame], Read(new RespReader(Bound), Bytes(bytes), () => 1));
        Assert.Empty(Read(new RespReader(Bound), Bytes(bytes).AsSpan()[..^1], () => 3));
    }

    [Theory]
    [InlineData("hello\r\n")]
    [InlineData("$abc\r\n")]
    [InlineData("$\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$99999999999999999999\r\n")]
    [InlineData("$3\r\nabcd\r\n")]
    [InlineData("*5\r\n")]
    [InlineData("*1\r\n*1\r\n:1\r\n")]
    [InlineData(":1 \r\n")]
    [InlineData("+a\nb\r\n")]
    [InlineData("\r\n")]
    public void What_is_no_reply_is_a_protocol_error(string bytes)
    {
        Assert.Throws<RespProtocolException>(() => Read(new RespReader(Bound), Bytes(bytes), () => 1));
    }

    [Fact]
    public void A_reply_over_the_bound_is_refused_before_it_is_read()
    {
        var refused = Assert.Throws<RespProtocolException>(() => Read(new RespReader(Bound), Bytes($"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n${Bound}\r\n"), () => 9));

        Assert.True(refused.TooLarge);
    }

    [Fact]
    public void An_endless_line_is_refused()
    {
        Assert.Throws<RespProtocolException>(() => Read(new RespReader(Bound), Bytes("+" + new string('x', 200_000)), () => 1000));
    }

    [Fact]
    public void Replies_much_larger_than_the_buffer_are_read_between_small_ones()
    {
        var payload = new string('x', 200_000);
        var stream = string.Concat(Enumerable.Repeat($"+a\r\n*2\r\n$1\r\nc\r\n$200000\r\n{payload}\r\n", 5));

        var frames = Read(new RespReader(Bound), Bytes(stream), () => 7000);

        Assert.Equal(10, frames.Count);
        Assert.All(frames.Where((_, i) => i % 2 == 1), frame => Assert.Equal($"[Bulk:c Bulk:{payload}]", frame));
    }

    [Fact]
    public void However_the_stream_is_cut_the_replies_are_the_same()
    {
        var item = Gen.OneOf(
            Gen.Choose(int.MinValue, int.MaxValue).Select(number => (object)(long)number),
            Gen.ArrayOf(Gen.Choose(0, 255)).Select(bytes => (object)Array.ConvertAll(bytes, b => (byte)b)));
        var frame = Gen.Choose(1, RespFrame.MaxItems).SelectMany(count => Gen.ArrayOf(item, count));
        var cases = from frames in Gen.ListOf(frame) from seed in Gen.Choose(0, int.MaxValue) select (frames, seed);

        Prop.ForAll(cases.ToArbitrary(), test =>
        {
            var (stream, expected) = (new ArrayBufferWriter<byte>(), new List<string>());
            foreach (var items in test.frames) expected.Add(Write(stream, items));

            var random = new System.Random(test.seed);
            Assert.Equal(expected, Read(new RespReader(Bound), stream.WrittenSpan, () => random.Next(1, 40)));
        }).Check(Thorough);
    }

    [Fact]
    public void Garbage_is_a_protocol_error_or_an_unfinished_reply_and_nothing_else()
    {
        // Bytes that mean something come often, so that garbage gets far.
        var telling = Gen.Elements(Bytes("*$+-:0123456789\r\n\r\n\r\n"));
        var any = Gen.Choose(0, 255).Select(b => (byte)b);
        var garbage = Gen.ListOf(Gen.Frequency((9, telling), (1, any)));

        Prop.ForAll(garbage.ToArbitrary(), bytes =>
        {
            try
            {
                Read(new RespReader(1024), [.. bytes], () => 5);
            }
            catch (RespProtocolException)
            {
                // Its own error.
            }
        }).Check(Thorough);
    }

    [Fact]
    public void A_damaged_stream_of_messages_is_a_protocol_error_or_fewer_or_other_messages()
    {
        var stream = Bytes(string.Concat(Enumerable.Range(0, 20).Select(i => $"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\n{i:D4}\r\n")));
        var damage = from at in Gen.Choose(0, stream.Length - 1) from value in Gen.Choose(0, 255) select (at, value);

        Prop.ForAll(Gen.ListOf(damage).ToArbitrary(), damages =>
        {
            var damaged = stream.ToArray();
            foreach (var (at, value) in damages) damaged[at] = (byte)value;
            try
            {
                Read(new RespReader(1024), damaged, () => 100);
            }
            catch (RespProtocolException)
            {
                // Its own error.
            }
        }).Check(Thorough);
    }

    [Fact]
    public void Commands_are_written_the_way_redis_reads_them()
    {
        var command = new ArrayBufferWriter<byte>();

        RespCommand.Write(command, "SUBSCRIBE", "a"u8.ToArray(), "äb"u8.ToArray());

        Assert.Equal("*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$3\r\näb\r\n", Encoding.UTF8.GetString(command.WrittenSpan));
    }

    private static string Write(ArrayBufferWriter<byte> stream, object[] items)
    {
        var shown = new List<string>();
        stream.Write(Bytes($"*{items.Length}\r\n"));
        foreach (var item in items)
        {
            if (item is byte[] bytes)
            {
                stream.Write(Bytes($"${bytes.Length}\r\n"));
                stream.Write(bytes);
                stream.Write(Bytes("\r\n"));
                shown.Add("Bulk:" + Encoding.Latin1.GetString(bytes));
            }
            else
            {
                stream.Write(Bytes(string.Create(CultureInfo.InvariantCulture, $":{item}\r\n")));
                shown.Add(string.Create(CultureInfo.InvariantCulture, $"Number:{item}"));
            }
        }

        return $"[{string.Join(' ', shown)}]";
    }
}
