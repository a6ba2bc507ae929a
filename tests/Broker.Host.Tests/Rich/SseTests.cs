using System.Net;
using System.Text.Json;
using Broker.Actors.Audiences;
using Broker.Host.Tests.Clients;
using Broker.Testing.Redis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Broker.Host.Tests.Rich;

/// <summary>Server-sent events: one channel, with positions where it has a history.</summary>
public sealed class SseTests
{
    private const string History = ClientServer.Open + "\nhistory { \"kept\" { size = 100, ttl = 1m } }";

    [Fact]
    public async Task A_stream_gives_what_is_published()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        await using var stream = await SseClient.OpenAsync(server, "channel=broadcast:news");
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.MediaType);

        Assert.Equal(new SseEvent("subscribed", "", """{"channel":"broadcast:news","was_recovering":false,"recovered":false}"""), await stream.NextAsync());
        await server.Node.Publisher("news").PublishAsync("{\"a\":\n1}");
        await server.Node.Publisher("news").PublishAsync("plain text");
        await server.Node.Publisher("news").PublishAsync(new byte[] { 0xFF });

        Assert.Equal(new SseEvent("", "", """{"data":{"a": 1}}"""), await stream.NextAsync());
        Assert.Equal(new SseEvent("", "", """{"data":"plain text"}"""), await stream.NextAsync());
        Assert.Equal(new SseEvent("", "", """{"data":"/w==","tags":{"encoding":"base64"}}"""), await stream.NextAsync());
    }

    [Theory]
    [InlineData("header")]
    [InlineData("query")]
    [InlineData("command")]
    public async Task A_stream_goes_on_from_the_last_event(string how)
    {
        await using var server = await ClientServer.StartAsync(History);
        string last;
        await using (var first = await SseClient.OpenAsync(server, "channel=broadcast:kept"))
        {
            Assert.EndsWith(":0", (await first.NextAsync())!.Id, StringComparison.Ordinal);
            await server.Node.Publisher("kept").PublishAsync("1");
            last = (await first.NextAsync())!.Id;
            Assert.EndsWith(":1", last, StringComparison.Ordinal);
        }

        await server.Node.Publisher("kept").PublishAsync("2");
        await server.Node.Publisher("kept").PublishAsync("3");
        await using var second = how switch
        {
            "header" => await SseClient.OpenAsync(server, "channel=broadcast:kept", $"Last-Event-ID: {last}"),
            "query" => await SseClient.OpenAsync(server, $"channel=broadcast:kept&lastEventId={last}"),
            _ => await SseClient.OpenAsync(server, $$$$"""cf_connect={"subs":{"broadcast:kept":{"recover":true,"epoch":"{{{{last.Split(':')[0]}}}}","offset":1}}}"""),
        };

        var begun = await second.NextAsync();
        Assert.Equal(("subscribed", last), (begun!.Name, begun.Id));
        Assert.Contains("\"was_recovering\":true,\"recovered\":true", begun.Data, StringComparison.Ordinal);
        Assert.Equal("""{"data":2,"offset":2}""", (await second.NextAsync())!.Data);
        Assert.Equal("""{"data":3,"offset":3}""", (await second.NextAsync())!.Data);
    }

    [Theory]
    [InlineData("another-epoch:1")]
    [InlineData("nonsense")]
    [InlineData(":-1")]
    public async Task What_cannot_be_made_up_for_is_told(string last)
    {
        await using var server = await ClientServer.StartAsync(History);
        for (var i = 1; i <= 3; i++) await server.Node.Publisher("kept").PublishAsync($"{i}");

        await using var stream = await SseClient.OpenAsync(server, "channel=broadcast:kept", $"Last-Event-ID: {last}");
        var begun = await stream.NextAsync();
        await server.Node.Publisher("kept").PublishAsync("4");

        Assert.EndsWith(":3", begun!.Id, StringComparison.Ordinal);
        Assert.Contains("\"offset\":3,\"was_recovering\":true,\"recovered\":false", begun.Data, StringComparison.Ordinal);
        Assert.Equal("""{"data":4,"offset":4}""", (await stream.NextAsync())!.Data);
    }

    [Fact]
    public async Task Rights_are_those_of_rich_clients()
    {
        await using var server = await ClientServer.StartAsync(
            Gates.Key + "\nchannels = [{ facility = closed, subscribe = off }]\nrules = [{ facility = free, words = [subscribe-broadcast], allow = on }]");
        async Task<HttpStatusCode> StatusOf(string query, params string[] headers)
        {
            await using var stream = await SseClient.OpenAsync(server, query, headers);
            return stream.Status;
        }

        string Token(object claims) => $"cf_connect={{\"token\":\"{Jwt.Hs256(claims)}\"}}";

        Assert.Equal(HttpStatusCode.OK, await StatusOf("channel=broadcast:free"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf("channel=broadcast:other"));
        Assert.Equal(HttpStatusCode.OK, await StatusOf("channel=user:john:x&" + Token(new { sub = "john" })));
        Assert.Equal(HttpStatusCode.OK, await StatusOf("channel=user:john:x", $"Authorization: Bearer {Jwt.Hs256(new { sub = "john" })}"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf("channel=user:jane:x&" + Token(new { sub = "john" })));
        Assert.Equal(HttpStatusCode.OK, await StatusOf("channel=user:jane:x&" + Token(new { sub = "john", channels = new[] { "user:jane:x" } })));
        Assert.Equal(HttpStatusCode.OK, await StatusOf(Token(new { sub = "john", channels = new[] { "user:jane:x" } })));
        Assert.Equal(HttpStatusCode.OK, await StatusOf($"channel=user:jane:x&channel_token={Jwt.Hs256(new { sub = "john", channel = "user:jane:x" })}&" + Token(new { sub = "john" })));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf($"channel=user:jane:y&channel_token={Jwt.Hs256(new { sub = "john", channel = "user:jane:x" })}&" + Token(new { sub = "john" })));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf($"channel=user:jane:x&channel_token={Jwt.Hs256(new { sub = "jane", channel = "user:jane:x" })}&" + Token(new { sub = "john" })));
        Assert.Equal(
            HttpStatusCode.Unauthorized, await StatusOf($"channel=user:jane:x&channel_token={Jwt.Hs256(new { sub = "john", channel = "user:jane:x", exp = 1 })}&" + Token(new { sub = "john" })));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf("channel=broadcast:closed&" + Token(new { sub = "john" })));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf("channel=raw&" + Token(new { sub = "john" })));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOf("channel=broadcast:free&" + Token(new { sub = "john", exp = 1 })));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOf("channel=broadcast:free&cf_connect={\"token\":\"garbage\"}"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf(Token(new { sub = "john" })));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf("channel=broadcast:free&cf_connect=nonsense"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf("cf_connect={\"subs\":{\"a\":{},\"b\":{}}}"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf("channel=broadcast:free", "Origin: https://evil.example"));
    }

    [Fact]
    public async Task Silence_is_kept_alive()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nrich { ping-interval = 1s, pong-timeout = 100ms }");
        await using var stream = await SseClient.OpenAsync(server, "channel=broadcast:news");
        await stream.NextAsync();

        Assert.Equal(":", await stream.LineAsync());
        Assert.Equal("", await stream.LineAsync());
        Assert.Equal(":", await stream.LineAsync());
        await server.Node.Publisher("news").PublishAsync("1");

        Assert.Equal("""{"data":1}""", (await stream.NextAsync())!.Data);
    }

    [Fact]
    public async Task A_stream_ends_with_its_token_with_a_revocation_and_with_the_node()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        Task<SseClient> OpenAsync(object claims) => SseClient.OpenAsync(server, $"channel=user:john:x&cf_connect={{\"token\":\"{Jwt.Hs256(claims)}\"}}");
        await using var expiring = await OpenAsync(new { sub = "john", exp = Jwt.In(TimeSpan.FromSeconds(2)) });
        await using var revoked = await OpenAsync(new { sub = "john", jti = "t-1" });
        await using var stays = await OpenAsync(new { sub = "john", jti = "t-2" });
        foreach (var stream in new[] { expiring, revoked, stays }) Assert.Equal("subscribed", (await stream.NextAsync())!.Name);

        Assert.Equal(3005, await expiring.EndAsync());
        Assert.Equal(1, await server.Node.Server.RevokeTokenAsync("t-1"));
        Assert.Equal(3014, await revoked.EndAsync());
        await server.Node.Publisher("x", Audience.Users("john")).PublishAsync("1");
        Assert.Equal("""{"data":1}""", (await stays.NextAsync())!.Data);

        await server.Node.StopAsync();
        Assert.Equal(3001, await stays.EndAsync());
        await Eventually.IsAsync(0L, () => Task.FromResult(server.Node.Metrics.Connections));
    }

    [Fact]
    public async Task While_nobody_can_say_who_it_is_a_client_is_told_when_to_come_again()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await ClientServer.StartAsync($"{Gates.Key}\nredis.timeout = 300ms\nredis.connection = \"{redis.ConnectionString}\"");
        redis.Kill();
        await Eventually.IsTrueAsync(async () => !await server.Node.IsRedisUpAsync());

        await using var stream = await SseClient.OpenAsync(server, $"channel=user:john:x&cf_connect={{\"token\":\"{Jwt.Hs256(new { sub = "john" })}\"}}");

        // A browser that is answered with an error never tries again.
        Assert.Equal(HttpStatusCode.OK, stream.Status);
        Assert.Matches("^retry: [0-9]{4}$", await stream.LineAsync());
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task A_reader_that_does_not_read_is_ended_and_holds_nobody_up()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\noutbox = 512k\nmax-message = 1m\nwebsocket.dead-after = 300ms");
        await using var slow = await SseClient.OpenAsync(server, "channel=broadcast:news");
        await using var quick = await SseClient.OpenAsync(server, "channel=broadcast:news");
        await slow.NextAsync();
        await quick.NextAsync();
        var payload = JsonSerializer.SerializeToUtf8Bytes(new string('x', 100_000));

        for (var i = 0; i < 100; i++)
        {
            await server.Node.Publisher("news").PublishAsync(payload);
            Assert.Equal(payload.Length + """{"data":}""".Length, (await quick.NextAsync())!.Data.Length);
        }

        await Eventually.IsAsync(1L, () => Task.FromResult(server.Node.Metrics.Connections));
    }

    // Kestrel reset a client that had read nothing for five seconds, long before dead-after, and nobody told it why: its outbox had been full.
    [Fact]
    public async Task How_long_a_reader_may_not_read_is_not_for_the_web_server_to_say()
    {
        IHttpMinResponseDataRateFeature? rate = null;
        await using var server = await ClientServer.StartAsync(ClientServer.Open, pipeline: app => app.Use((context, next) =>
        {
            rate = context.Features.Get<IHttpMinResponseDataRateFeature>();
            Assert.NotNull(rate!.MinDataRate);
            return next(context);
        }));

        await using var stream = await SseClient.OpenAsync(server, "channel=broadcast:news");

        Assert.Equal("subscribed", (await stream.NextAsync())!.Name);
        Assert.Null(rate!.MinDataRate);
    }

    [Fact]
    public async Task Pages_of_listed_origins_may_read()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nallowed-origins = [\"https://app.example\"]");
        await using var stream = await SseClient.OpenAsync(server, "channel=broadcast:news", "Origin: https://app.example");

        Assert.Equal(["https://app.example"], stream.Response.Headers.GetValues("Access-Control-Allow-Origin"));
    }
}
