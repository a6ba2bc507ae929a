using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using Broker.Actors.Audiences;
using Broker.Host.Identity;
using Broker.Host.Tests.Clients;
using Broker.Testing.Redis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Server;

public sealed class GatewayTests
{
    private const string Gateway =
        "redis-commands { path = /redis, commands = [GET, SET, MGET, DEL, INCR, LPUSH, LRANGE, PUBLISH], keys = [\"app:*\"], max-request = 1KiB, max-reply = 1KiB, rate = 1000 }";

    [Theory]
    [InlineData("""{"command":"SET app:1 15","sessionId":"abc","date":1700000000}""", """{"sessionId":"abc","reply":"OK"}""")]
    [InlineData("""{"command":"GET app:none","sessionId":7}""", """{"sessionId":7,"reply":null}""")]
    [InlineData("""{"command":"INCR app:n"}""", """{"sessionId":null,"reply":1}""")]
    [InlineData("""{"command":"SET app:1 \"two words\"","sessionId":null}""", """{"sessionId":null,"reply":"OK"}""")]
    [InlineData("""{"command":"LRANGE app:none 0 -1","sessionId":true}""", """{"sessionId":true,"reply":[]}""")]
    [InlineData("""{"command":"GET secret","sessionId":"abc"}""", """{"sessionId":"abc","error":"this key is not allowed"}""")]
    [InlineData("""{"command":"FLUSHALL","sessionId":"abc"}""", """{"sessionId":"abc","error":"this command is not allowed"}""")]
    [InlineData("""{"command":"EVAL return 0","sessionId":"abc"}""", """{"sessionId":"abc","error":"this command is not allowed"}""")]
    [InlineData("""{"command":"GET","sessionId":"abc"}""", """{"sessionId":"abc","error":"too few arguments"}""")]
    [InlineData("""{"command":"GET 'app:1","sessionId":"abc"}""", """{"sessionId":"abc","error":"the command\u0027s quotes do not match, or it is not UTF-8"}""")]
    [InlineData("""{"command":"","sessionId":"abc"}""", """{"sessionId":"abc","error":"the command is empty"}""")]
    [InlineData("""{"command":["GET","app:1"],"sessionId":"abc"}""", """{"sessionId":"abc","error":"the command is missing"}""")]
    [InlineData("""{"sessionId":"abc"}""", """{"sessionId":"abc","error":"the command is missing"}""")]
    public async Task A_request_is_answered_with_its_session_id(string request, string answer)
    {
        await using var server = await LocalServer.StartAsync($"broker {{ {Gateway} }}");
        using var client = await OpenAsync(server);

        Assert.Equal(answer, await AskAsync(client, request));
    }

    [Theory]
    [InlineData("SET app:1 15")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"command":"GET app:1","sessionId":{}}""")]
    [InlineData("""{"command":"GET app:1","sessionId":"\ud800"}""")]
    [InlineData("""{"command":"\ud800"}""")]
    public async Task What_is_no_request_is_told_and_after_too_many_the_client_is_closed(string request)
    {
        await using var server = await LocalServer.StartAsync($"broker {{ {Gateway} }}");
        using var client = await OpenAsync(server);

        for (var i = 0; i < 11; i++)
            Assert.StartsWith("""{"sessionId":null,"error":"a request is a JSON object such as""", await AskAsync(client, request), StringComparison.Ordinal);

        Assert.Equal((WebSocketCloseStatus)3509, await CloseOfAsync(client));
    }

    [Fact]
    public async Task It_passes_to_a_real_redis_and_keeps_the_order_of_answers()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await LocalServer.StartAsync($"broker {{ redis.connection = \"{redis.ConnectionString}\", prefix = p, {Gateway} }}");
        using var client = await OpenAsync(server);

        for (var i = 1; i <= 200; i++) await SendAsync(client, $$"""{"command":"INCR app:n","sessionId":{{i}}}""");
        for (var i = 1; i <= 200; i++) Assert.Equal($$"""{"sessionId":{{i}},"reply":{{i}}}""", await ReceiveAsync(client));

        // Redis's own names: the prefix is not put before them.
        Assert.Equal("200", await redis.CliAsync("GET", "app:n"));
        Assert.Equal("""{"sessionId":null,"reply":["200",null]}""", await AskAsync(client, """{"command":"MGET app:n app:none"}"""));
        Assert.Equal(
            """{"sessionId":null,"error":"WRONGTYPE Operation against a key holding the wrong kind of value"}""",
            await AskAsync(client, """{"command":"LPUSH app:n x"}"""));
        Assert.Equal("""{"sessionId":null,"error":"ERR syntax error"}""", await AskAsync(client, """{"command":"SET app:n 1 NONSENSE"}"""));
    }

    [Fact]
    public async Task While_redis_is_away_it_says_so_and_goes_on_afterwards()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await LocalServer.StartAsync($"broker {{ redis.connection = \"{redis.ConnectionString}\", {Gateway} }}");
        using var client = await OpenAsync(server);

        redis.Kill();
        Assert.Equal("""{"sessionId":1,"error":"redis does not answer"}""", await AskAsync(client, """{"command":"GET app:1","sessionId":1}"""));

        await redis.RestartAsync();
        await Eventually.IsAsync("""{"sessionId":2,"reply":null}""", () => AskAsync(client, """{"command":"GET app:1","sessionId":2}"""));
    }

    [Fact]
    public async Task A_long_reply_is_an_error_and_a_long_request_closes()
    {
        await using var server = await LocalServer.StartAsync($"broker {{ {Gateway} }}");
        using var client = await OpenAsync(server);

        Assert.Equal("""{"sessionId":null,"reply":2}""", await AskAsync(client, $$"""{"command":"LPUSH app:l {{new string('a', 500)}} {{new string('b', 400)}}"}"""));
        Assert.Equal("""{"sessionId":null,"reply":3}""", await AskAsync(client, $$"""{"command":"LPUSH app:l {{new string('c', 500)}}"}"""));
        Assert.Equal("""{"sessionId":5,"error":"the reply is longer than 1024 bytes"}""", await AskAsync(client, """{"command":"LRANGE app:l 0 -1","sessionId":5}"""));

        await SendAsync(client, $$"""{"command":"GET app:{{new string('x', 1024)}}"}""");
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await CloseOfAsync(client));
    }

    // The whole list came into the node's memory before anybody looked at its length.
    [Fact]
    public async Task A_long_reply_of_a_real_redis_does_not_leave_it()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await LocalServer.StartAsync($"broker {{ redis.connection = \"{redis.ConnectionString}\", {Gateway} }}");
        using var client = await OpenAsync(server);
        await redis.CliAsync("EVAL", "for i = 1, 50000 do redis.call('RPUSH', 'app:l', string.rep('x', 1000)) end", "0");

        var before = await SentBytesAsync(redis);
        Assert.Equal("""{"sessionId":1,"error":"the reply is longer than 1024 bytes"}""", await AskAsync(client, """{"command":"LRANGE app:l 0 -1","sessionId":1}"""));
        Assert.InRange(await SentBytesAsync(redis) - before, 0, 1_000_000);

        Assert.Equal("""{"sessionId":2,"reply":[]}""", await AskAsync(client, """{"command":"LRANGE app:none 0 -1","sessionId":2}"""));
    }

    [Fact]
    public async Task A_client_that_goes_before_it_is_let_in_is_no_failure()
    {
        // The cancelled request left the endpoint as an exception.
        var (escaped, asked) = (new ConcurrentQueue<Exception>(), new WaitsForEver());
        await using var server = await ClientServer.StartAsync(
            Gateway,
            services: services => services.AddSingleton<IIdentityResolver>(asked),
            pipeline: app => app.Use(async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (Exception fault)
                {
                    escaped.Enqueue(fault);
                }
                finally
                {
                    asked.Ended.TrySetResult();
                }
            }));

        using var client = new ClientWebSocket();
        var opening = client.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Port}/redis"), default);
        await asked.Asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
        client.Abort();
        await Assert.ThrowsAnyAsync<Exception>(() => opening);
        await asked.Ended.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Empty(escaped);
    }

    [Fact]
    public async Task Who_asks_faster_than_allowed_waits()
    {
        await using var server = await LocalServer.StartAsync("broker.redis-commands { path = /redis, commands = [GET], keys = [\"*\"], rate = 20 }");
        using var client = await OpenAsync(server);

        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 40; i++) await SendAsync(client, """{"command":"GET k"}""");
        for (var i = 0; i < 40; i++) Assert.Equal("""{"sessionId":null,"reply":null}""", await ReceiveAsync(client));

        // Twenty at once, twenty more in the second after.
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Outside_Development_a_client_must_be_somebody()
    {
        await using var server = await LocalServer.StartAsync($"broker {{ access = open, {Gateway} }}", "Production");
        await server.Node.SignInAsync("key-of-john", "john", [], TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(server));
        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(server, ("Cookie", "sessionid=forged")));

        using var client = await OpenAsync(server, ("Cookie", "sessionid=key-of-john"));
        Assert.Equal("""{"sessionId":null,"reply":null}""", await AskAsync(client, """{"command":"GET app:1"}"""));
    }

    [Fact]
    public async Task Pages_of_other_origins_are_refused()
    {
        await using var server = await LocalServer.StartAsync($"broker {{ {Gateway} }}");

        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(server, ("Origin", "https://evil.example")));
        using var client = await OpenAsync(server, ("Origin", server.Address.ToString().TrimEnd('/')));
        Assert.Equal("""{"sessionId":null,"reply":null}""", await AskAsync(client, """{"command":"GET app:1"}"""));
    }

    [Fact]
    public async Task Without_a_path_there_is_none()
    {
        await using var server = await LocalServer.StartAsync();

        Assert.Equal(HttpStatusCode.NotFound, await RefusalAsync(server));
        using var plain = await server.Client.PostAsJsonAsync("/redis", new { command = "GET app:1" });
        Assert.Equal(HttpStatusCode.NotFound, plain.StatusCode);
    }

    [Fact]
    public async Task A_stopping_node_sends_its_clients_away()
    {
        var server = await LocalServer.StartAsync($"broker {{ {Gateway} }}");
        using var client = await OpenAsync(server);

        var stopped = server.DisposeAsync();

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await CloseOfAsync(client));
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await stopped;
    }

    private static async Task<long> SentBytesAsync(RedisServer redis)
    {
        var line = (await redis.CliAsync("INFO", "stats")).Split('\n').Single(line => line.StartsWith("total_net_output_bytes:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }

    private static async Task<ClientWebSocket> OpenAsync(LocalServer server, params (string Name, string Value)[] headers)
    {
        var client = new ClientWebSocket();
        foreach (var (name, value) in headers) client.Options.SetRequestHeader(name, value);
        await client.ConnectAsync(server.WebSocket("/redis"), default);
        return client;
    }

    private static async Task<HttpStatusCode> RefusalAsync(LocalServer server, params (string Name, string Value)[] headers)
    {
        using var client = new ClientWebSocket();
        client.Options.CollectHttpResponseDetails = true;
        foreach (var (name, value) in headers) client.Options.SetRequestHeader(name, value);
        await Assert.ThrowsAsync<WebSocketException>(() => client.ConnectAsync(server.WebSocket("/redis"), default));
        return client.HttpStatusCode;
    }

    private static async Task<string> AskAsync(ClientWebSocket client, string request)
    {
        await SendAsync(client, request);
        return await ReceiveAsync(client);
    }

    private static Task SendAsync(ClientWebSocket client, string request) => client.SendAsync(Encoding.UTF8.GetBytes(request), WebSocketMessageType.Text, true, default);

    private static async Task<string> ReceiveAsync(ClientWebSocket client)
    {
        var buffer = new byte[64 * 1024];
        var received = await client.ReceiveAsync(buffer, default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(WebSocketMessageType.Text, received.MessageType);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    private static async Task<WebSocketCloseStatus?> CloseOfAsync(ClientWebSocket client)
    {
        var received = await client.ReceiveAsync(new byte[1024], default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        return received.CloseStatus;
    }

    private sealed class WaitsForEver : IIdentityResolver
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<Caller?> ResolveAsync(HttpContext context, CancellationToken cancellation)
        {
            Asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
            return null;
        }
    }
}
