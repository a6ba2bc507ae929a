using System.Net.WebSockets;
using System.Text;
using Broker.Actors.Channels;
using Broker.Host.Tests.Server;

namespace Broker.Host.Tests.Api;

/// <summary>POST /api/METHOD, as servers that know Centrifugo send it.</summary>
public sealed class ServerApiTests
{
    private const string Settings =
        """broker { api-key = "k", max-message = 100, history { "log*" { size = 10, ttl = 5m } }, limits.api { body = 2KiB, commands = 3, channels = 3 }, shutdown.drain = 0s }""";

    [Fact]
    public async Task Without_a_configured_key_nothing_of_it_is_there()
    {
        await using var server = await LocalServer.StartAsync();

        Assert.Equal(404, (await PostAsync(server, "/api/publish", "{}")).Status);
        Assert.Equal(404, (await PostAsync(server, "/api", "{}")).Status);
        Assert.Equal(404, (await SendAsync(server, HttpMethod.Get, "/api/connections")).Status);
    }

    [Theory]
    [InlineData(null, null, 401)]
    [InlineData("X-API-Key", "K", 401)]
    [InlineData("Authorization", "Bearer k", 401)]
    [InlineData("Authorization", "apikey wrong", 401)]
    [InlineData("Authorization", "apikey k", 200)]
    [InlineData("X-API-Key", "k", 200)]
    public async Task The_key_stands_in_either_header(string? header, string? value, int status)
    {
        await using var server = await LocalServer.StartAsync(Settings);

        Assert.Equal(status, (await SendAsync(server, HttpMethod.Post, "/api/info", "{}", (header, value))).Status);
        Assert.Equal(status, (await SendAsync(server, HttpMethod.Get, "/api/connections", null, (header, value))).Status);
        Assert.Equal(status, (await SendAsync(server, HttpMethod.Delete, "/api/connections?user=x", null, (header, value))).Status);
    }

    [Fact]
    public async Task Data_is_published_as_its_own_text_and_what_has_history_tells_its_position()
    {
        await using var server = await LocalServer.StartAsync(Settings);
        await using var client = await SubscribeAsync(server, "logs");

        var first = await PostAsync(server, "/api/publish", """{"channel":"broadcast:logs","data":{"a":  1.50, "b":"ü"}}""");
        var again = await PostAsync(server, "/api/publish", """{"channel":"broadcast:logs","data":2,"idempotency_key":"once"}""");
        var repeated = await PostAsync(server, "/api/publish", """{"channel":"broadcast:logs","data":2,"idempotency_key":"once"}""");
        var bytes = await PostAsync(server, "/api/publish", """{"channel":"broadcast:logs","b64data":"aGk="}""");
        var live = await PostAsync(server, "/api/publish", """{"channel":"broadcast:news","data":null,"b64data":"aGk="}""");

        Assert.Equal(["""{"a":  1.50, "b":"ü"}""", "2", "hi"], [await client.ReadAsync(), await client.ReadAsync(), await client.ReadAsync()]);
        Assert.Matches("""^\{"result":\{"offset":1,"epoch":"[0-9a-f]+"\}\}$""", first.Text);
        Assert.Equal(again, repeated);
        Assert.Contains("\"offset\":3", bytes.Text, StringComparison.Ordinal);
        Assert.Equal((200, """{"result":{}}"""), live);
    }

    [Theory]
    [InlineData("publish", """{"data":1}""", 107)]
    [InlineData("publish", """{"channel":"broadcast:news"}""", 107)]
    [InlineData("publish", """{"channel":"news","data":1}""", 102)]
    [InlineData("publish", """{"channel":7,"data":1}""", 107)]
    [InlineData("publish", """{"channel":"broadcast:\ud800","data":1}""", 107)]
    [InlineData("publish", """{"channel":"broadcast:news","b64data":"?"}""", 107)]
    [InlineData("publish", """{"channel":"broadcast:news","data":"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"}""", 106)]
    [InlineData("publish", """{"channel":"broadcast:logs","data":1,"skip_history":true}""", 108)]
    [InlineData("publish", """{"channel":"broadcast:logs","data":1,"tags":{"a":"b"}}""", 108)]
    [InlineData("publish", """[]""", 107)]
    [InlineData("broadcast", """{"channels":[],"data":1}""", 107)]
    [InlineData("broadcast", """{"channels":["a","b","c","d"],"data":1}""", 106)]
    [InlineData("history", """{"channel":"broadcast:news"}""", 108)]
    [InlineData("history_remove", """{"channel":"broadcast:news"}""", 108)]
    [InlineData("disconnect", """{}""", 107)]
    [InlineData("disconnect", """{"user":"john","disconnect":{"code":1000,"reason":""}}""", 107)]
    [InlineData("subscribe", """{"user":"john"}""", 107)]
    [InlineData("unsubscribe", """{"channel":"broadcast:news"}""", 107)]
    [InlineData("refresh", """{"user":"john","expire_at":-1}""", 107)]
    [InlineData("batch", """{}""", 107)]
    [InlineData("batch", """{"commands":[{},{},{},{}]}""", 106)]
    public async Task A_mistake_gets_its_code(string method, string body, int code)
    {
        await using var server = await LocalServer.StartAsync(Settings);

        var answer = await PostAsync(server, "/api/" + method, body);

        Assert.Equal(200, answer.Status);
        Assert.StartsWith($$"""{"error":{"code":{{code}},"message":""", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_request_gets_an_HTTP_status()
    {
        await using var server = await LocalServer.StartAsync(Settings);

        Assert.Equal(400, (await PostAsync(server, "/api/publish", "{")).Status);
        Assert.Equal(400, (await PostAsync(server, "/api", "{}")).Status);
        Assert.Equal(400, (await PostAsync(server, "/api/publish", new string('[', 500))).Status);
        Assert.Equal(413, (await PostAsync(server, "/api/publish", new string(' ', 2049))).Status);
        Assert.Equal((404, """{"error":{"code":104,"message":"method not found"}}"""), await PostAsync(server, "/api/rpc", "{}"));
    }

    [Fact]
    public async Task A_broadcast_tells_how_it_went_on_each_channel()
    {
        await using var server = await LocalServer.StartAsync(Settings);

        var answer = await PostAsync(server, "/api/broadcast", """{"channels":["broadcast:logs","news","broadcast:news"],"data":1}""");

        Assert.Matches(
            """^\{"result":\{"responses":\[\{"result":\{"offset":1,"epoch":"[0-9a-f]+"\}\},\{"error":\{"code":102,"message":"unknown channel"\}\},\{"result":\{\}\}\]\}\}$""", answer.Text);
    }

    [Fact]
    public async Task A_history_is_read_forwards_backwards_and_from_a_position_until_it_is_removed()
    {
        await using var server = await LocalServer.StartAsync(Settings);
        for (var i = 1; i <= 12; i++) await server.Node.Server.PublishAsync(ChannelName.Broadcast("logs"), Encoding.UTF8.GetBytes($"{i}"));
        await server.Node.Server.PublishAsync(ChannelName.Broadcast("logs"), new byte[] { 0xff });

        Assert.Equal("", await OffsetsAsync(server, ""));
        Assert.Equal("4 5 6", await OffsetsAsync(server, ",\"limit\":3"));
        Assert.Equal("13 12 11", await OffsetsAsync(server, ",\"limit\":3,\"reverse\":true"));
        Assert.Equal("4 5 6 7 8 9 10 11 12 13", await OffsetsAsync(server, ",\"limit\":-1"));
        Assert.Equal("12 13", await OffsetsAsync(server, ",\"limit\":5,\"since\":{\"offset\":11}"));
        Assert.Equal("6 5 4", await OffsetsAsync(server, ",\"limit\":5,\"reverse\":true,\"since\":{\"offset\":7}"));
        Assert.Equal("13 12", await OffsetsAsync(server, ",\"limit\":2,\"reverse\":true,\"since\":{\"offset\":14}"));
        Assert.Equal("112", await OffsetsAsync(server, ",\"limit\":5,\"reverse\":true,\"since\":{\"offset\":15}"));
        Assert.Equal("112", await OffsetsAsync(server, ",\"limit\":5,\"since\":{\"offset\":14}"));
        Assert.Equal("112", await OffsetsAsync(server, ",\"since\":{\"offset\":2}"));
        Assert.Equal("112", await OffsetsAsync(server, ",\"limit\":5,\"since\":{\"offset\":2}"));
        Assert.Equal("112", await OffsetsAsync(server, ",\"limit\":5,\"since\":{\"offset\":11,\"epoch\":\"another\"}"));
        Assert.Contains(
            """{"offset":13,"data":"/w==","tags":{"encoding":"base64"}}],"offset":13,"epoch":""",
            (await PostAsync(server, "/api/history", """{"channel":"broadcast:logs","limit":-1}""")).Text,
            StringComparison.Ordinal);

        Assert.Equal((200, """{"result":{}}"""), await PostAsync(server, "/api/history_remove", """{"channel":"broadcast:logs"}"""));

        Assert.Equal("", await OffsetsAsync(server, ",\"limit\":-1"));
        await server.Node.Server.PublishAsync(ChannelName.Broadcast("logs"), "14"u8.ToArray());
        Assert.Equal("14", await OffsetsAsync(server, ",\"limit\":-1"));
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_batch_answers_each_of_its_commands(string parallel)
    {
        await using var server = await LocalServer.StartAsync(Settings);

        var answer = await PostAsync(
            server, "/api/batch", $$$"""{"commands":[{"publish":{"channel":"broadcast:news","data":1}},{"nonsense":{}},null],"parallel":{{{parallel}}}}""");
        var command = await PostAsync(server, "/api", """{"method":"publish","params":{"channel":"broadcast:news","data":1}}""");

        Assert.Equal(
            """{"replies":[{"publish":{}},{"error":{"code":104,"message":"method not found"}},{"error":{"code":107,"message":"bad request: a command is an object with the method\u0027s parameters under its name"}}]}""",
            answer.Text);
        Assert.Equal("""{"result":{}}""", command.Text);
    }

    [Fact]
    public async Task Connections_are_listed_found_and_closed()
    {
        await using var server = await LocalServer.StartAsync(Settings);
        await using var news = await SubscribeAsync(server, "news");
        await using var logs = await SubscribeAsync(server, "logs");

        var all = await SendAsync(server, HttpMethod.Get, "/api/connections", null, ("X-API-Key", "k"));
        var some = await SendAsync(server, HttpMethod.Get, "/api/connections?channel=broadcast:logs", null, ("X-API-Key", "k"));
        var channels = await PostAsync(server, "/api/channels", """{"pattern":"broadcast:*"}""");
        var info = await PostAsync(server, "/api/info", "{}");
        var id = System.Text.Json.JsonDocument.Parse(some.Text).RootElement.GetProperty("result").GetProperty("connections").EnumerateObject().Single();

        Assert.Equal(2, System.Text.Json.JsonDocument.Parse(all.Text).RootElement.GetProperty("result").GetProperty("connections").EnumerateObject().Count());
        Assert.Contains("\"transport\":\"websocket\",\"protocol\":\"ws4redis\"", id.Value.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("\"state\":{\"channels\":{\"broadcast:logs\":{}}}", id.Value.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("""{"result":{"channels":{"broadcast:logs":{"num_clients":1},"broadcast:news":{"num_clients":1}}}}""", channels.Text);
        Assert.Contains("\"num_clients\":2,\"num_users\":0,\"num_subs\":2,\"num_channels\":2", info.Text, StringComparison.Ordinal);

        await PostAsync(server, "/api/disconnect", $$$"""{"client":"{{{id.Name}}}","disconnect":{"code":4001,"reason":"enough"}}""");
        Assert.Equal((4001, "enough"), await logs.CloseAsync());
        await SendAsync(server, HttpMethod.Delete, "/api/connections?user=", null, ("X-API-Key", "k"));
        Assert.Equal((3503, "force disconnect"), await news.CloseAsync());
    }

    private static async Task<string> OffsetsAsync(LocalServer server, string more)
    {
        var answer = System.Text.Json.JsonDocument.Parse((await PostAsync(server, "/api/history", $$"""{"channel":"broadcast:logs"{{more}}}""")).Text).RootElement;
        return answer.TryGetProperty("error", out var error)
            ? error.GetProperty("code").GetRawText()
            : string.Join(' ', answer.GetProperty("result").GetProperty("publications").EnumerateArray().Select(publication => publication.GetProperty("offset").GetRawText()));
    }

    private static Task<(int Status, string Text)> PostAsync(LocalServer server, string path, string body) => SendAsync(server, HttpMethod.Post, path, body, ("X-API-Key", "k"));

    private static async Task<(int Status, string Text)> SendAsync(LocalServer server, HttpMethod method, string path, string? body = null, (string? Name, string? Value) header = default)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body);
        if (header.Name is not null) request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using var answer = await server.Client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<Client> SubscribeAsync(LocalServer server, string facility)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(server.WebSocket("/ws/" + facility, "subscribe-broadcast"), default);
        return new Client(socket);
    }

    private sealed class Client(ClientWebSocket socket) : IAsyncDisposable
    {
        private readonly byte[] _buffer = new byte[4096];

        public async Task<string> ReadAsync()
        {
            var read = await socket.ReceiveAsync(_buffer, default).WaitAsync(WebSockets.Deadline.Fact);
            return Encoding.UTF8.GetString(_buffer, 0, read.Count);
        }

        public async Task<(int Code, string Reason)> CloseAsync()
        {
            await socket.ReceiveAsync(_buffer, default).WaitAsync(WebSockets.Deadline.Fact);
            return ((int)socket.CloseStatus!, socket.CloseStatusDescription!);
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
