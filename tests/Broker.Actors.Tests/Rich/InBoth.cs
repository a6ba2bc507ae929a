using Broker.Actors.Rich.Protocol;
using Google.Protobuf;
using Wire = Broker.Actors.Rich.Protocol.Wire;

namespace Broker.Actors.Tests.Rich;

/// <summary>Commands as a client of either encoding says them.</summary>
internal static class InBoth
{
    public static readonly IReadOnlyList<(string Json, Wire.Command Protobuf)> Commands =
    [
        ("""{"connect":{"token":"eyJhbGciOiJIUzI1NiJ9.e30.x","data":{"client":"c-1"},"name":"js","version":"5","subs":{"user:u:x":{"recover":true,"epoch":"e","offset":7},"y":{}}},"id":1}""", new()
        {
            Id = 1,
            Connect = new()
            {
                Token = "eyJhbGciOiJIUzI1NiJ9.e30.x", Data = Bytes("""{"client":"c-1"}"""), Name = "js", Version = "5",
                Subs = { ["user:u:x"] = new() { Recover = true, Epoch = "e", Offset = 7 }, ["y"] = new() },
            },
        }),
        ("""{"id":2,"subscribe":{"channel":"broadcast:x","token":"t","recover":true,"epoch":"e","offset":12,"data":[1],"positioned":true,"recoverable":true,"join_leave":true}}""", new()
        {
            Id = 2,
            Subscribe = new()
            {
                Channel = "broadcast:x", Token = "t", Recover = true, Epoch = "e", Offset = 12, Data = Bytes("[1]"), Positioned = true, Recoverable = true, JoinLeave = true,
            },
        }),
        ("""{"id":2,"subscribe":{"channel":"broadcast:x","offset":18446744073709551615}}""", new() { Id = 2, Subscribe = new() { Channel = "broadcast:x", Offset = ulong.MaxValue } }),
        ("""{"id":3,"unsubscribe":{"channel":"broadcast:x"}}""", new() { Id = 3, Unsubscribe = new() { Channel = "broadcast:x" } }),
        ("""{"id":4,"publish":{"channel":"broadcast:zoë","data":{"text":"zoë ☕ \ud83d\ude00","n":-1.5e+3,"deep":[[[{}]]]}}}""", new()
        {
            Id = 4, Publish = new() { Channel = "broadcast:zoë", Data = Bytes("""{"text":"zoë ☕ \ud83d\ude00","n":-1.5e+3,"deep":[[[{}]]]}""") },
        }),
        ("""{"id":4,"publish":{"channel":"broadcast:x"}}""", new() { Id = 4, Publish = new() { Channel = "broadcast:x" } }),
        ("""{"id":5,"presence":{"channel":"broadcast:x"}}""", new() { Id = 5, Presence = new() { Channel = "broadcast:x" } }),
        ("""{"id":6,"presence_stats":{"channel":"broadcast:x"}}""", new() { Id = 6, PresenceStats = new() { Channel = "broadcast:x" } }),
        ("""{"id":7,"history":{"channel":"broadcast:x","limit":10,"since":{"offset":4,"epoch":"e"},"reverse":true}}""", new()
        {
            Id = 7, History = new() { Channel = "broadcast:x", Limit = 10, Since = new() { Offset = 4, Epoch = "e" }, Reverse = true },
        }),
        ("""{"id":7,"history":{"channel":"broadcast:x","limit":-1}}""", new() { Id = 7, History = new() { Channel = "broadcast:x", Limit = -1 } }),
        ("""{"id":8,"rpc":{"method":"sum","data":[1,2,3]}}""", new() { Id = 8, Rpc = new() { Method = "sum", Data = Bytes("[1,2,3]") } }),
        ("""{"send":{"data":null}}""", new() { Send = new() { Data = Bytes("null") } }),
        ("""{"id":9,"send":{"data":1}}""", new() { Id = 9, Send = new() { Data = Bytes("1") } }),
        ("""{"id":9,"refresh":{"token":"t"}}""", new() { Id = 9, Refresh = new() { Token = "t" } }),
        ("""{"id":10,"sub_refresh":{"channel":"broadcast:x","token":"t"}}""", new() { Id = 10, SubRefresh = new() { Channel = "broadcast:x", Token = "t" } }),
        ("""{"id":4294967295,"ping":{}}""", new() { Id = uint.MaxValue, Ping = new() }),
        ("""{"id":12}""", new() { Id = 12 }),
        ("{}", new()),
    ];

    public static ReadOnlyMemory<byte> DataOf(Command command) => command switch
    {
        Connect connect => connect.Data,
        Subscribe subscribe => subscribe.Data,
        Publish publish => publish.Data,
        Rpc rpc => rpc.Data,
        Send send => send.Data,
        _ => default,
    };

    /// <summary>In one message.</summary>
    public static byte[] Framed(params IEnumerable<Wire.Command> commands)
    {
        using var message = new MemoryStream();
        foreach (var command in commands) command.WriteDelimitedTo(message);
        return message.ToArray();
    }

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);
}
