using System.Buffers;
using System.Text;
using Broker.Actors.Connections;
using Broker.Host.WebSockets;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Host.Tests.WebSockets;

public sealed class FrameReaderProperties
{
    private const int Limit = 4 * 1024;

    private static readonly FsCheck.Config Fixed = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(20_260_417UL, 1UL);

    [Fact]
    public void Any_split_of_a_stream_gives_the_same()
    {
        var property = Prop.ForAll(Arb.From(Streams), Arb.From(Cuts), (stream, cuts) =>
            Comparable(Whole(stream.Bytes)).SequenceEqual(Comparable(InPieces(stream.Bytes, cuts))));

        Check.One(Fixed, property);
    }

    [Fact]
    public void A_valid_stream_gives_what_was_put_in()
    {
        var property = Prop.ForAll(Arb.From(Streams), stream => Comparable(Whole(stream.Bytes)).SequenceEqual(stream.Expected));

        Check.One(Fixed, property);
    }

    [Fact]
    public void Random_bytes_never_throw_nor_loop_nor_pile_up()
    {
        var property = Prop.ForAll(Arb.From(Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>())), Arb.From(Cuts), (bytes, cuts) =>
            IsSane(bytes, cuts));

        Check.One(Fixed.WithMaxTest(3000), property);
    }

    [Fact]
    public void Valid_streams_with_wrong_bytes_never_throw_nor_loop_nor_pile_up()
    {
        var mutated =
            from stream in Streams
            from changes in Gen.ArrayOf(ArbMap.Default.GeneratorFor<(ushort At, byte Value)>(), 3)
            select Mutate(stream.Bytes, changes);
        var property = Prop.ForAll(Arb.From(mutated), Arb.From(Cuts), IsSane);

        Check.One(Fixed.WithMaxTest(2000), property);
    }

    [Fact]
    public void A_prefix_of_a_text_is_valid_exactly_if_some_text_begins_so()
    {
        var text = ArbMap.Default.GeneratorFor<NonNull<string>>().Select(one => Encoding.UTF8.GetBytes(one.Get + "é☕𝄞"));
        var property = Prop.ForAll(Arb.From(text), Arb.From(Gen.Choose(0, 1000)), (bytes, at) =>
        {
            var prefix = bytes.AsSpan(0, at % (bytes.Length + 1));
            return Utf8Prefix.IsValid(prefix, out var whole)
                && whole > prefix.Length - 4
                && !Utf8Prefix.IsValid([.. prefix, 0xFF], out _);
        });

        Check.One(Fixed, property);
    }

    private sealed record ClientStream(byte[] Bytes, string[] Expected);

    private static Gen<ClientStream> Streams =>
        Gen.ListOf(Gen.OneOf(TextMessages, BinaryMessages, Pings)).Select(parts => new ClientStream(
            [.. parts.SelectMany(part => part.Bytes)], [.. parts.SelectMany(part => part.Expected)]));

    private static Gen<int[]> Cuts => Gen.ArrayOf(Gen.Choose(1, 40));

    private static Gen<ClientStream> TextMessages =>
        from text in ArbMap.Default.GeneratorFor<NonNull<string>>()
        from cuts in Cuts
        let bytes = Encoding.UTF8.GetBytes(text.Get + "☕é")
        select new ClientStream(Fragmented(Opcode.Text, bytes, cuts), [$"Text {Convert.ToHexString(bytes)} 0"]);

    private static Gen<ClientStream> BinaryMessages =>
        from size in Gen.Frequency((5, Gen.Choose(0, 300)), (1, Gen.Choose(Limit - 100, Limit)))
        from seed in Gen.Choose(0, 1000)
        from cuts in Cuts
        let bytes = Bytes(seed, size)
        select new ClientStream(Fragmented(Opcode.Binary, bytes, cuts), [$"Binary {Convert.ToHexString(bytes)} 0"]);

    private static Gen<ClientStream> Pings =>
        from size in Gen.Choose(0, 125)
        let bytes = Bytes(size, size)
        select new ClientStream(ClientFrames.Frame(Opcode.Ping, bytes), [$"Ping {Convert.ToHexString(bytes)} 0"]);

    private static byte[] Bytes(int seed, int size) => [.. Enumerable.Range(seed, size).Select(value => (byte)(value * 31))];

    private static byte[] Fragmented(Opcode opcode, byte[] payload, int[] cuts)
    {
        var frames = new List<byte>();
        var rest = payload.AsSpan();
        foreach (var cut in cuts.Where(_ => payload.Length < Limit))
        {
            var size = Math.Min(cut - 1, rest.Length);
            frames.AddRange(ClientFrames.Frame(opcode, rest[..size].ToArray(), final: false));
            rest = rest[size..];
            opcode = Opcode.Continuation;
        }

        return [.. frames, .. ClientFrames.Frame(opcode, rest.ToArray())];
    }

    private static byte[] Mutate(byte[] bytes, (ushort At, byte Value)[] changes)
    {
        var mutated = bytes.ToArray();
        foreach (var (at, value) in changes)
        {
            if (mutated.Length > 0) mutated[at % mutated.Length] = value;
        }

        return mutated;
    }

    private static List<Incoming> Whole(byte[] bytes)
    {
        var input = new ReadOnlySequence<byte>(bytes);
        return FrameReaderTests.ReadAll(new FrameReader(Limit), ref input);
    }

    /// <summary>As a pipe would give it: each time what was left over and a piece more, in as many segments.</summary>
    private static List<Incoming> InPieces(byte[] bytes, int[] cuts)
    {
        var reader = new FrameReader(Limit);
        var all = new List<Incoming>();
        var pending = new List<byte[]>();

        for (int at = 0, turn = 0; at < bytes.Length; turn++)
        {
            var size = Math.Min(cuts.Length == 0 ? 7 : cuts[turn % cuts.Length], bytes.Length - at);
            pending.Add(bytes[at..(at + size)]);
            at += size;

            var input = Segments.Join(pending);
            all.AddRange(FrameReaderTests.ReadAll(reader, ref input));
            if (all.Count > 0 && all[^1].Kind == IncomingKind.Close) break;

            pending = Segments.Split(input);
        }

        return all;
    }

    private static bool IsSane(byte[] bytes, int[] cuts)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var received = Whole(bytes);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        var messages = received.Sum(one => (long)one.Payload.Length);
        var hasRightCodes = received.Where(one => one.Kind == IncomingKind.Violation)
            .All(one => one.Reason.Code is 1002 or 1007 or 1009);
        return hasRightCodes
            && messages <= bytes.Length
            && received.Count <= 1 + (bytes.Length / 6) + 1
            && received.Count(one => one.Kind == IncomingKind.Violation) <= 1
            && allocated <= 16_384 + (10L * bytes.Length) + (200L * received.Count)
            && Comparable(received).SequenceEqual(Comparable(InPieces(bytes, cuts)));
    }

    private static string[] Comparable(List<Incoming> received) =>
        [.. received.Select(one => $"{one.Kind} {Convert.ToHexString(one.Payload.Span)} {one.Reason.Code}")];
}
