using System.Text;
using Broker.Actors.Rich.Protocol.Wire;
using Broker.Host.Rich;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.MustHold;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Rich;

/// <summary>Rich mode in the protocol's other encoding, as bytes on a socket.</summary>
public sealed class ProtobufSocketTests
{
    private const string Path = "/connection/websocket";
    private const string Asks = "Sec-WebSocket-Protocol: centrifuge-protobuf";

    private static readonly byte[] NoText = [0xFF, 0x00, (byte)'\n'];

    [Theory]
    [InlineData("", "centrifuge-protobuf", "centrifuge-protobuf", true)]
    [InlineData("", "elsewhere, centrifuge-protobuf", "centrifuge-protobuf", true)]
    [InlineData("", "centrifuge-json", "centrifuge-json", false)]
    [InlineData("", "elsewhere", null, false)]
    [InlineData("", null, null, false)]
    [InlineData("?cf_protocol=protobuf", null, null, true)]
    [InlineData("?format=protobuf", null, null, true)]
    [InlineData("?format=json", "centrifuge-protobuf", "centrifuge-protobuf", true)]
    [InlineData("?cf_protocol=protobuf", "centrifuge-json", "centrifuge-json", false)]
    [InlineData("?format=msgpack", null, null, false)]
    public async Task A_client_says_which_encoding_it_speaks(string query, string? offered, string? answered, bool isProtobuf)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var client = await server.OpenAsync(Path + query, offered is null ? [] : ["Sec-WebSocket-Protocol: " + offered]);
        Assert.Equal(answered, client.Header("Sec-WebSocket-Protocol"));

        if (!isProtobuf)
        {
            await client.SendAsync("""{"id":1,"connect":{}}""");
            Assert.StartsWith("{\"id\":1,\"connect\":{", await client.ReadAsync(), StringComparison.Ordinal);
            return;
        }

        await SendAsync(client, new Command { Id = 1, Connect = new() });
        var reply = await ReadAsync(client);
        Assert.Equal((1u, true, 25u), (reply.Id, reply.Connect.Pong, reply.Connect.Ping));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_talks_in_binary_frames_and_others_hear_it_in_theirs(bool door)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open, door: door);
        using var plain = await server.OpenAsync("/ws/news?subscribe-broadcast&publish-broadcast&echo");
        using var json = await server.OpenAsync(Path);
        await json.SendAsync("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"broadcast:news\"}}");
        await json.ReadAsync(2);
        using var client = await ConnectAsync(server);
        await SendAsync(client, new Command { Id = 2, Subscribe = new() { Channel = "broadcast:news" } });
        Assert.Equal(new SubscribeResult(), (await ReadAsync(client)).Subscribe);

        await SendAsync(client, new Command { Id = 3, Publish = new() { Channel = "broadcast:news", Data = ByteString.CopyFrom(NoText) } });

        var both = new[] { await ReadAsync(client), await ReadAsync(client) };
        Assert.Contains(new Reply { Id = 3, Publish = new() }, both);
        Assert.Contains(new Reply { Push = new() { Channel = "broadcast:news", Pub = new() { Data = ByteString.CopyFrom(NoText) } } }, both);
        Assert.Equal("{\"push\":{\"channel\":\"broadcast:news\",\"pub\":{\"data\":\"/wAK\",\"tags\":{\"encoding\":\"base64\"}}}}", await json.ReadAsync());
        Assert.Equal(NoText, (await plain.ReadFrameAsync()).Payload);

        await json.SendAsync("{\"id\":3,\"publish\":{\"channel\":\"broadcast:news\",\"data\":{ \"as\" :\"written\"}}}");
        Assert.Equal("{ \"as\" :\"written\"}", (await ReadAsync(client)).Push.Pub.Data.ToStringUtf8());
        Assert.Equal("{ \"as\" :\"written\"}", await plain.ReadAsync());
    }

    [Fact]
    public async Task Several_commands_in_a_message_are_answered_in_their_order()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var client = await ConnectAsync(server);

        await SendAsync(client, [.. Enumerable.Range(2, 100).Select(id => new Command { Id = (uint)id, Ping = new() })]);

        for (var id = 2u; id < 102; id++) Assert.Equal(new Reply { Id = id, Ping = new() }, await ReadAsync(client));
    }

    [Fact]
    public async Task It_is_pinged_by_an_empty_reply_and_stays_by_an_empty_command()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}, rich.ping-interval = 1s, rich.pong-timeout = 500ms");
        using var client = await ConnectAsync(server);
        for (var pings = 0; pings < 2; pings++)
        {
            Assert.Equal([0], (await client.ReadFrameAsync()).Payload);
            await SendAsync(client, new Command());
        }

        Assert.Equal([0], (await client.ReadFrameAsync()).Payload);
        Assert.Equal(3012, await client.ReadCloseAsync());
    }

    [Fact]
    public async Task Calls_and_their_answers_are_any_bytes()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open, services: services => services.AddSingleton<IRpcHandler, Echo>());
        using var client = await ConnectAsync(server);

        await SendAsync(client, new Command { Id = 2, Rpc = new() { Method = "echo", Data = ByteString.CopyFrom(NoText) } });

        Assert.Equal(NoText, (await ReadAsync(client)).Rpc.Data.ToByteArray());
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("05 08 01", 0)]
    [InlineData("FF FF FF FF 0F", 0)]
    [InlineData("04 08 02 5A 00", 128)]
    public async Task Who_does_not_keep_to_the_protocol_is_closed(string bytes, int pongs)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var client = await ConnectAsync(server);
        byte[] message = [.. Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)), .. new byte[pongs]];

        await client.SendFrameAsync(ClientFrames.Frame(Opcode.Binary, message));

        Assert.Equal(3501, await client.ReadCloseAsync());
    }

    [Fact]
    public async Task Json_is_no_protobuf_and_protobuf_no_json()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var client = await server.OpenAsync(Path, Asks);
        using var other = await server.OpenAsync(Path);

        await client.SendAsync("""{"id":1,"connect":{}}""");
        await SendAsync(other, new Command { Id = 1, Connect = new() });

        Assert.Equal(3501, await client.ReadCloseAsync());
        Assert.Equal(3501, await other.ReadCloseAsync());
    }

    [Fact]
    public async Task Connect_data_may_be_any_bytes()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        foreach (var data in new[] { NoText, Encoding.UTF8.GetBytes("no JSON"), Encoding.UTF8.GetBytes("{\"client\":"), [(byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)':', (byte)'1', (byte)'}'] })
        {
            using var client = await server.OpenAsync(Path, Asks);
            await SendAsync(client, new Command { Id = 1, Connect = new() { Data = ByteString.CopyFrom(data) } });
            Assert.NotEmpty((await ReadAsync(client)).Connect.Client);
        }
    }

    private static async Task<SocketClient> ConnectAsync(ClientServer server)
    {
        var client = await server.OpenAsync(Path, Asks);
        await SendAsync(client, new Command { Id = 1, Connect = new() });
        Assert.NotNull((await ReadAsync(client)).Connect);
        return client;
    }

    private static Task SendAsync(SocketClient client, params IEnumerable<Command> commands) => client.SendFrameAsync(ClientFrames.Frame(Opcode.Binary, ProtobufClient.Message(commands)));

    /// <summary>The only reply in the next message.</summary>
    private static async Task<Reply> ReadAsync(SocketClient client)
    {
        var frame = await client.ReadFrameAsync();
        Assert.Equal(Opcode.Binary, frame.Opcode);
        using var message = new MemoryStream(frame.Payload);
        var reply = Reply.Parser.ParseDelimitedFrom(message);
        Assert.Equal(message.Length, message.Position);
        return reply;
    }

    private sealed class Echo : IRpcHandler
    {
        public ValueTask<RpcResult> OnRpcAsync(ClientRpc call, CancellationToken cancellation) => new(RpcResult.Answer(call.Data));
    }
}
