using System.Text;
using System.Text.Json.Nodes;
using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;
using Google.Protobuf;
using Wire = Broker.Actors.Rich.Protocol.Wire;

namespace Broker.Actors.Tests.Rich;

/// <summary>The two encodings of the client protocol say the same.</summary>
public sealed class EncodingsTests
{
    private static readonly ClientInfo John = new("john", "c", Bytes("""{"name":"J"}"""), Bytes("7"));

    private static readonly SubscribeResult Whole = new(
        new Lifetime(60), true, true, new StreamPosition("e", 3), true, true, [At(2, "1"), At(3, """{"a":[]}""")], Bytes("""{"b":2}"""));

    private static readonly SubscribeResult Plain = new(default, false, false, new StreamPosition("e", 3), false, false, [At(3, "1")], default);

    private static readonly Dictionary<string, Action<RichWriter>> Answers = new()
    {
        ["ping"] = to => to.Ping(),
        ["temporary error"] = to => to.Error(7, RichError.Internal),
        ["error"] = to => to.Error(7, RichError.PermissionDenied),
        ["connected"] = to => to.Connected(1, new ConnectResult("c", new Lifetime(60), Bytes("[1]"), new Dictionary<string, SubscribeResult> { ["user:\"u\":x"] = Whole, ["y"] = Plain }, 25, true, "s", "n")),
        ["subscribed with a position"] = to => to.Subscribed(2, Whole),
        ["subscribed"] = to => to.Subscribed(2, Plain),
        ["unsubscribed"] = to => to.Unsubscribed(3),
        ["published"] = to => to.Published(uint.MaxValue),
        ["pinged"] = to => to.Pinged(5),
        ["presence"] = to => to.Presence(6, [John, new ClientInfo("", "d", default, default)]),
        ["presence_stats"] = to => to.PresenceStats(7, 3, 2),
        ["history"] = to => to.History(8, new HistoryView(new StreamPosition("e", long.MaxValue), [At(2, "1")])),
        ["called"] = to => to.Called(9, Bytes("{}")),
        ["called without data"] = to => to.Called(9, default),
        ["refreshed"] = to => to.Refreshed(10, "c", new Lifetime(5)),
        ["sub_refreshed"] = to => to.SubRefreshed(11, new Lifetime(5)),
        ["publication with offset"] = to => to.PushPublication("broadcast:zoë ☕", At(3, """{"a":1}"""), withOffset: true),
        ["publication"] = to => to.PushPublication("broadcast:x", At(3, "1"), withOffset: false),
        ["a long publication"] = to => to.PushPublication("broadcast:x", At(3, $"\"{new string('x', 300_000)}\""), withOffset: true),
        ["join"] = to => to.PushJoin("broadcast:x", John),
        ["leave"] = to => to.PushLeave("broadcast:x", John),
        ["unsubscribe"] = to => to.PushUnsubscribe("c", UnsubscribeCode.Insufficient),
        ["subscribe"] = to => to.PushSubscribe("c", Whole),
        ["refresh"] = to => to.PushRefresh(new Lifetime(5)),
    };

    public static TheoryData<int> OfCommands => [.. Enumerable.Range(0, InBoth.Commands.Count)];

    public static TheoryData<string> OfAnswers => [.. Answers.Keys];

    [Theory]
    [MemberData(nameof(OfCommands))]
    public void A_command_is_read_as_the_same(int number)
    {
        var (json, protobuf) = InBoth.Commands[number];

        Assert.True(RichEncoding.Json.TryRead(Encoding.UTF8.GetBytes(json), 1, out var ofJson, out _));
        Assert.True(RichEncoding.Protobuf.TryRead(InBoth.Framed(protobuf), 1, out var ofProtobuf, out _));

        Assert.Equal(Told(Assert.Single(ofJson)), Told(Assert.Single(ofProtobuf)));
    }

    [Theory]
    [MemberData(nameof(OfAnswers))]
    public void What_is_written_says_the_same(string what)
    {
        var json = JsonNode.Parse(Written(RichEncoding.Json, Answers[what]))!;
        var protobuf = AsJson(Reply(Answers[what]));

        Assert.True(JsonNode.DeepEquals(json, protobuf), $"{json}\n{protobuf}");
    }

    [Fact]
    public void In_protobuf_any_payload_is_its_bytes()
    {
        byte[] payload = [0xFF, 0x00, (byte)'\n'];
        var publication = new Publication(ChannelName.Broadcast("x"), new StreamPosition("e", 9), payload);

        var push = Reply(to => to.PushPublication("broadcast:x", publication, withOffset: true)).Push;

        Assert.Equal(payload, push.Pub.Data.ToByteArray());
    }

    [Fact]
    public void The_ping_is_an_empty_reply_and_the_pong_an_empty_command()
    {
        Assert.Equal([0], Written(RichEncoding.Protobuf, to => to.Ping()));

        Assert.True(RichEncoding.Protobuf.TryRead(new byte[] { 0 }, 1, out var commands, out _));
        Assert.Equal([new Pong()], commands);
    }

    /// <summary>A record's own text has the length of its data only.</summary>
    private static string Told(Command command)
    {
        var since = command is Connect connect ? string.Join(' ', connect.Since.OrderBy(one => one.Key, StringComparer.Ordinal)) : "";
        return command.ToString().Replace("Dictionary`2[System.String,Broker.Actors.Rich.Protocol.Resume]", since, StringComparison.Ordinal) + Encoding.UTF8.GetString(InBoth.DataOf(command).Span);
    }

    private static byte[] Written(RichEncoding encoding, Action<RichWriter> write)
    {
        write(encoding.Writer);
        return encoding.Writer.Written.ToArray();
    }

    private static Wire.Reply Reply(Action<RichWriter> write)
    {
        using var written = new MemoryStream(Written(RichEncoding.Protobuf, write));
        var reply = Wire.Reply.Parser.ParseDelimitedFrom(written);
        Assert.Equal(written.Length, written.Position);
        return reply;
    }

    /// <summary>As protobuf itself says it in JSON, but with the protocol's own way for bytes (themselves) and 64 bits (numbers).</summary>
    private static JsonNode AsJson(Wire.Reply reply)
    {
        var json = JsonNode.Parse(new JsonFormatter(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true)).Format(reply))!;
        Mend(json);
        return json;
    }

    private static void Mend(JsonNode? node)
    {
        if (node is JsonArray array) foreach (var item in array) Mend(item);
        if (node is not JsonObject fields) return;

        foreach (var (name, value) in fields.ToArray())
        {
            if (name is "offset") fields[name] = long.Parse(value!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
            else if (value is JsonValue && name is "data" or "conn_info" or "chan_info") fields[name] = JsonNode.Parse(Convert.FromBase64String(value!.GetValue<string>()));
            else Mend(value);
        }
    }

    private static Publication At(long offset, string payload) => new(ChannelName.Broadcast("x"), new StreamPosition("e", offset), Encoding.UTF8.GetBytes(payload));

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
