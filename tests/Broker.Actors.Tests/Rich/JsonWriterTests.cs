using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;

namespace Broker.Actors.Tests.Rich;

public sealed class JsonWriterTests
{
    private static readonly ChannelName Channel = ChannelName.Broadcast("x");

    private static readonly SubscribeResult Plain = new(default, false, false, new StreamPosition("e", 3), false, false, [], default);

    [Fact]
    public void An_error_says_whether_it_passes()
    {
        Assert.Equal("""{"id":7,"error":{"code":100,"message":"internal server error","temporary":true}}""", Written(to => to.Error(7, RichError.Internal)));
        Assert.Equal("""{"id":7,"error":{"code":103,"message":"permission denied"}}""", Written(to => to.Error(7, RichError.PermissionDenied)));
    }

    [Fact]
    public void A_connection_is_told_with_its_subscriptions()
    {
        var result = new ConnectResult("c", new Lifetime(60), Json("""{"a":1}"""), new Dictionary<string, SubscribeResult> { ["user:\"u\":x"] = Plain with { Recoverable = true } }, 25, true, "s", "n");

        var text = Written(to => to.Connected(1, result));

        Assert.Matches("\"version\":\"Broker [0-9.]+\"", text);
        Assert.Contains("\"expires\":true,\"ttl\":60,\"data\":{\"a\":1},\"subs\":{\"user:\\\"u\\\":x\":{\"recoverable\":true,\"epoch\":\"e\",\"offset\":3}},\"ping\":25,\"pong\":true,\"session\":\"s\",\"node\":\"n\"}}", text);
    }

    [Fact]
    public void What_is_empty_is_left_out()
    {
        Assert.Equal("""{"id":2,"subscribe":{}}""", Written(to => to.Subscribed(2, Plain)));
        Assert.Equal("""{"id":2,"rpc":{}}""", Written(to => to.Called(2, default)));
        Assert.Equal("""{"id":2,"sub_refresh":{}}""", Written(to => to.SubRefreshed(2, default)));
    }

    [Fact]
    public void Only_a_subscription_with_positions_is_told_any()
    {
        var missed = Plain with { Publications = [At(2, "1"), At(3, "[]")] };

        Assert.Equal("""{"id":2,"subscribe":{"publications":[{"data":1},{"data":[]}]}}""", Written(to => to.Subscribed(2, missed)));
        Assert.Equal(
            """{"id":2,"subscribe":{"recoverable":true,"epoch":"e","offset":3,"publications":[{"data":1,"offset":2},{"data":[],"offset":3}],"was_recovering":true,"recovered":true}}""",
            Written(to => to.Subscribed(2, missed with { Recoverable = true, Recovered = true, WasRecovering = true })));
    }

    [Theory]
    [InlineData("""{"a":1}""", """{"data":{"a":1}}""")]
    [InlineData("{\r\n \"a\\n\":\n1}\n", """{"data":{   "a\n": 1} }""")]
    [InlineData("true", """{"data":true}""")]
    [InlineData("hello ☕", """{"data":"hello ☕"}""")]
    [InlineData("{\"a\":1", "{\"data\":\"{\\\"a\\\":1\"}")]
    [InlineData("2026-11-22", """{"data":"2026-11-22"}""")]
    [InlineData("1\n2", """{"data":"1\n2"}""")]
    [InlineData("", """{"data":""}""")]
    public void A_payload_is_json_or_a_text(string payload, string publication) =>
        Assert.Equal($$$"""{"push":{"channel":"broadcast:x","pub":{{{publication}}}}}""", Written(to => to.PushPublication("broadcast:x", At(3, payload), withOffset: false)));

    [Fact]
    public void Bytes_that_are_no_text_are_base64_and_say_so()
    {
        var publication = new Publication(Channel, new StreamPosition("e", 9), new byte[] { 0xFF, 0x00 });

        Assert.Equal(
            """{"push":{"channel":"broadcast:x","pub":{"data":"/wA=","offset":9,"tags":{"encoding":"base64"}}}}""",
            Written(to => to.PushPublication("broadcast:x", publication, withOffset: true)));
    }

    [Fact]
    public void Json_too_deep_for_others_is_a_text()
    {
        Assert.Equal(PayloadForm.Json, Payloads.FormOf(Nested(Payloads.Depth)));
        Assert.Equal(PayloadForm.Text, Payloads.FormOf(Nested(Payloads.Depth + 1)));

        static byte[] Nested(int depth) => Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));
    }

    [Fact]
    public void Members_are_told_by_client()
    {
        var client = new ClientInfo("u", "c", Json("""{"name":"U"}"""), default);

        Assert.Equal("""{"id":1,"presence":{"presence":{"c":{"user":"u","client":"c","conn_info":{"name":"U"}}}}}""", Written(to => to.Presence(1, [client])));
        Assert.Equal("""{"id":1,"presence_stats":{"num_clients":0,"num_users":0}}""", Written(to => to.PresenceStats(1, 0, 0)));
        Assert.Equal("""{"push":{"channel":"broadcast:x","join":{"info":{"user":"u","client":"c","conn_info":{"name":"U"}}}}}""", Written(to => to.PushJoin("broadcast:x", client)));
        Assert.Equal("""{"push":{"channel":"broadcast:x","leave":{"info":{"client":"c","chan_info":7}}}}""", Written(to => to.PushLeave("broadcast:x", new ClientInfo("", "c", default, Json("7")))));
    }

    [Fact]
    public void A_history_is_told_with_its_position()
    {
        Assert.Equal(
            """{"id":4,"history":{"publications":[{"data":1,"offset":2}],"epoch":"e","offset":3}}""",
            Written(to => to.History(4, new HistoryView(new StreamPosition("e", 3), [At(2, "1")]))));
    }

    [Fact]
    public void Other_replies_and_pushes()
    {
        Assert.Equal("{}", Written(to => to.Ping()));
        Assert.Equal("""{"id":1,"unsubscribe":{}}""", Written(to => to.Unsubscribed(1)));
        Assert.Equal("""{"id":1,"publish":{}}""", Written(to => to.Published(1)));
        Assert.Equal("""{"id":1,"ping":{}}""", Written(to => to.Pinged(1)));
        Assert.Equal("""{"push":{"channel":"c","unsubscribe":{"code":2500,"reason":"insufficient state"}}}""", Written(to => to.PushUnsubscribe("c", UnsubscribeCode.Insufficient)));
        Assert.Equal("""{"push":{"channel":"c","subscribe":{"positioned":true,"epoch":"e","offset":3,"data":1}}}""", Written(to => to.PushSubscribe("c", Plain with { Positioned = true, Data = Json("1") })));
        Assert.Equal("""{"push":{"refresh":{"expires":true,"ttl":5}}}""", Written(to => to.PushRefresh(new Lifetime(5))));
        Assert.Equal("""{"push":{"disconnect":{"code":3008,"reason":"slow"}}}""", Written(to => to.PushDisconnect(CloseReason.Slow)));
    }

    [Fact]
    public void What_is_not_json_does_not_break_the_line()
    {
        Assert.Equal("""{"id":1,"rpc":{"data":"oops\n{"}}""", Written(to => to.Called(1, Json("oops\n{"))));
    }

    private static Publication At(long offset, string payload) => new(Channel, new StreamPosition("e", offset), Encoding.UTF8.GetBytes(payload));

    private static ReadOnlyMemory<byte> Json(string text) => Encoding.UTF8.GetBytes(text);

    private static string Written(Action<JsonWriter> write)
    {
        write(JsonWriter.Mine);
        return Encoding.UTF8.GetString(JsonWriter.Mine.Written);
    }
}
