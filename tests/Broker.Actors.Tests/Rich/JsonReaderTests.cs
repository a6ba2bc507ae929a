using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Tests.Rich;

public sealed class JsonReaderTests
{
    [Fact]
    public void A_connect_holds_token_data_name_and_where_the_client_stood()
    {
        var connect = Assert.IsType<Connect>(One(
            """{"connect":{"token":"t","data":{"client":"c-1"},"name":"js","version":"5.3","headers":{"a":"b"},"subs":{"user:u:x":{"recover":true,"epoch":"e","offset":7},"broadcast:y":{}}},"id":1}"""));

        Assert.Equal((1u, "t", "js", "5.3"), (connect.Id, connect.Token, connect.Name, connect.Version));
        Assert.Equal("""{"client":"c-1"}""", Text(connect.Data));
        Assert.Equal(new Resume(true, new StreamPosition("e", 7)), connect.Since["user:u:x"]);
        Assert.Equal(new Resume(false, new StreamPosition("", 0)), connect.Since["broadcast:y"]);
    }

    [Fact]
    public void A_subscribe_holds_position_and_wishes()
    {
        var subscribe = Assert.IsType<Subscribe>(One(
            """{"id":2,"subscribe":{"channel":"broadcast:x","token":"t","recover":true,"epoch":"e","offset":12,"data":[1],"positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","flag":1}}"""));

        Assert.Equal("broadcast:x", subscribe.Channel);
        Assert.Equal(new Resume(true, new StreamPosition("e", 12)), subscribe.Resume);
        Assert.Equal((true, true, true, "t", "[1]"), (subscribe.Positioned, subscribe.Recoverable, subscribe.JoinLeave, subscribe.Token, Text(subscribe.Data)));
    }

    [Theory]
    [InlineData("""{"id":3,"unsubscribe":{"channel":"c"}}""", "Unsubscribe { Id = 3, Channel = c }")]
    [InlineData("""{"id":3,"presence":{"channel":"c"}}""", "ReadPresence { Id = 3, Channel = c }")]
    [InlineData("""{"id":3,"presence_stats":{"channel":"c"}}""", "ReadPresenceStats { Id = 3, Channel = c }")]
    [InlineData("""{"id":3,"history":{"channel":"c"}}""", "ReadHistory { Id = 3, Channel = c, Limit = 0, Since = , Reverse = False }")]
    [InlineData("""{"id":3,"history":{"channel":"c","limit":-1,"since":null,"reverse":true}}""", "ReadHistory { Id = 3, Channel = c, Limit = -1, Since = , Reverse = True }")]
    [InlineData("""{"id":3,"history":{"channel":"c","limit":9,"since":{"offset":4,"epoch":"e"}}}""", "ReadHistory { Id = 3, Channel = c, Limit = 9, Since = e:4, Reverse = False }")]
    [InlineData("""{"id":3,"refresh":{"token":"t"}}""", "Refresh { Id = 3, Token = t }")]
    [InlineData("""{"id":3,"sub_refresh":{"channel":"c","token":"t"}}""", "SubRefresh { Id = 3, Channel = c, Token = t }")]
    [InlineData("""{"id":3,"ping":{}}""", "Ping { Id = 3 }")]
    [InlineData("{}", "Pong { Id = 0 }")]
    [InlineData("""{"id":0}""", "Pong { Id = 0 }")]
    [InlineData("""{"id":4294967295}""", "UnknownCommand { Id = 4294967295 }")]
    [InlineData("""{"id":3,"teleport":{"channel":"c"}}""", "UnknownCommand { Id = 3 }")]
    [InlineData("""{"id":3,"ping":null}""", "UnknownCommand { Id = 3 }")]
    [InlineData("""{"id":1,"id":3,"ping":{}}""", "Ping { Id = 3 }")]
    [InlineData("""{"id":3,"unsubscribe":{"channel":"a"},"unsubscribe":{"channel":"c"}}""", "Unsubscribe { Id = 3, Channel = c }")]
    [InlineData("""{"id":3,"unsubscribe":{"channel":"a","channel":"c"}}""", "Unsubscribe { Id = 3, Channel = c }")]
    [InlineData("""{"\u0069d":3,"\u0075nsubscribe":{"channel":"\u0063"}}""", "Unsubscribe { Id = 3, Channel = c }")]
    [InlineData("""{"id":3,"unsubscribe":{"channel":null}}""", "Unsubscribe { Id = 3, Channel =  }")]
    [InlineData("\r\n {\"id\":3 ,\r\n \"ping\" : { } }\r\n\r\n", "Ping { Id = 3 }")]
    public void A_command_is_read(string frame, string expected) => Assert.Equal(expected, One(frame).ToString());

    [Theory]
    [InlineData("""{"channel":"c","data":{"a" : 1.50}}""", """{"a" : 1.50}""")]
    [InlineData("""{"channel":"c","data": "text" }""", "\"text\"")]
    [InlineData("""{"channel":"c","data":12e3}""", "12e3")]
    [InlineData("""{"channel":"c","data":null}""", "null")]
    [InlineData("""{"channel":"c","data":1,"data":[ 2 ]}""", "[ 2 ]")]
    [InlineData("""{"data":"\ud800","channel":"c"}""", "\"\\ud800\"")]
    [InlineData("""{"channel":"c"}""", "")]
    public void The_data_of_a_publish_is_the_clients_own_text(string publish, string expected)
    {
        var command = Assert.IsType<Publish>(One($$"""{"id":1,"publish":{{publish}}}"""));

        Assert.Equal(expected, Text(command.Data));
    }

    [Fact]
    public void Data_is_no_copy()
    {
        var frame = Encoding.UTF8.GetBytes("""{"send":{"data":{"a":1}}}""");

        Assert.True(JsonReader.TryRead(frame, 1, out var commands, out _));

        Assert.True(frame.AsSpan(16).Overlaps(Assert.IsType<Send>(commands[0]).Data.Span, out var offset));
        Assert.Equal(0, offset);
    }

    [Fact]
    public void Commands_of_a_frame_keep_their_order()
    {
        Assert.True(JsonReader.TryRead("{\"id\":1,\"ping\":{}}\n{}\r\n{\"send\":{\"data\":1}}\n{\"id\":2,\"rpc\":{\"method\":\"m\",\"data\":{}}}\n"u8.ToArray(), 4, out var commands, out _));

        Assert.Equal([typeof(Ping), typeof(Pong), typeof(Send), typeof(Rpc)], commands.Select(command => command.GetType()));
    }

    [Fact]
    public void An_offset_beyond_what_is_counted_stays_in_the_future()
    {
        var subscribe = Assert.IsType<Subscribe>(One("""{"id":1,"subscribe":{"recover":true,"offset":18446744073709551615}}"""));

        Assert.Equal(long.MaxValue, subscribe.Resume.Position.Offset);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\r\n")]
    [InlineData("\uFEFF{}")]
    [InlineData("hello")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("[{}]")]
    [InlineData("{")]
    [InlineData("{}}")]
    [InlineData("{},{}")]
    [InlineData("{} // no")]
    [InlineData("""{"id":1,"ping":{},}""")]
    [InlineData("""{'id':1}""")]
    [InlineData("""{"id":-1,"ping":{}}""")]
    [InlineData("""{"id":1.0,"ping":{}}""")]
    [InlineData("""{"id":1e0,"ping":{}}""")]
    [InlineData("""{"id":01,"ping":{}}""")]
    [InlineData("""{"id":4294967296,"ping":{}}""")]
    [InlineData("""{"id":"1","ping":{}}""")]
    [InlineData("""{"ping":{}}""")]
    [InlineData("""{"ping":null}""")]
    [InlineData("""{"teleport":{}}""")]
    [InlineData("""{"id":0,"subscribe":{"channel":"c"}}""")]
    [InlineData("""{"id":1,"ping":[]}""")]
    [InlineData("""{"id":1,"ping":1}""")]
    [InlineData("""{"id":1,"subscribe":"c"}""")]
    [InlineData("""{"id":1,"subscribe":{"channel":1}}""")]
    [InlineData("""{"id":1,"subscribe":{"channel":["c"]}}""")]
    [InlineData("""{"id":1,"subscribe":{"channel":"\ud800"}}""")]
    [InlineData("""{"id":1,"subscribe":{"recover":1}}""")]
    [InlineData("""{"id":1,"subscribe":{"offset":1.5}}""")]
    [InlineData("""{"id":1,"subscribe":{"offset":1e3}}""")]
    [InlineData("""{"id":1,"subscribe":{"offset":-1}}""")]
    [InlineData("""{"id":1,"subscribe":{"offset":"1"}}""")]
    [InlineData("""{"id":1,"subscribe":{"offset":99999999999999999999999999}}""")]
    [InlineData("""{"id":1,"history":{"limit":2147483648}}""")]
    [InlineData("""{"id":1,"history":{"since":7}}""")]
    [InlineData("""{"id":1,"connect":{"subs":[]}}""")]
    [InlineData("""{"id":1,"connect":{"subs":{"c":1}}}""")]
    [InlineData("""{"id":1,"publish":{"data":nul}}""")]
    [InlineData("""{"id":1,"ping":{},"publish":{}}""")]
    [InlineData("{\"id\":1,\"ping\":{}}\nno")]
    public void A_bad_frame_is_told(string frame) => Assert.False(JsonReader.TryRead(Encoding.UTF8.GetBytes(frame), 8, out _, out _));

    [Fact]
    public void Bytes_that_are_no_text_are_bad_wherever_they_stand()
    {
        byte[] frame = [.. "{\"send\":{\"data\":\""u8, 0xC3, 0x28, .. "\"}}"u8];

        Assert.False(JsonReader.TryRead(frame, 1, out _, out _));
    }

    [Fact]
    public void More_commands_than_allowed_are_bad()
    {
        Assert.True(JsonReader.TryRead("{}\n{}"u8.ToArray(), 2, out _, out _));
        Assert.False(JsonReader.TryRead("{}\n{}\n{}"u8.ToArray(), 2, out _, out var hasTooMany));
        Assert.True(hasTooMany);
        Assert.False(JsonReader.TryRead("{}\nno\n{}"u8.ToArray(), 2, out _, out hasTooMany));
        Assert.False(hasTooMany);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        Assert.True(JsonReader.TryRead(Nested(Payloads.Depth - 2), 1, out _, out _));
        Assert.False(JsonReader.TryRead(Nested(Payloads.Depth - 1), 1, out _, out _));
        Assert.False(JsonReader.TryRead(Nested(30_000), 1, out _, out _));

        static byte[] Nested(int depth) => Encoding.UTF8.GetBytes($$$"""{"send":{"data":{{{new string('[', depth)}}}{{{new string(']', depth)}}}}}""");
    }

    [Fact]
    public void A_name_of_any_length_is_passed_over()
    {
        var name = new string('x', 60_000);

        Assert.Equal(new Ping(1), One($$$"""{"{{{name}}}":{"{{{name}}}":1},"id":1,"ping":{"{{{name}}}":[]}}"""));
    }

    private static Command One(string frame)
    {
        Assert.True(JsonReader.TryRead(Encoding.UTF8.GetBytes(frame), 1, out var commands, out _));
        return Assert.Single(commands);
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
