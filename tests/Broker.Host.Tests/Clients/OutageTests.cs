using System.Globalization;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.Clients;

/// <summary>What clients are told while Redis is away.</summary>
public sealed class OutageTests
{
    private const string Patience = "websocket.subscribe-timeout = 100ms\nredis.timeout = 300ms\npublish-timeout = 300ms";
    private const string Session = "Cookie: sessionid=key-1";

    [Fact]
    public async Task New_websockets_are_let_in_and_come_to_life_when_redis_does()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartAsync(redis, ClientServer.Open);
        redis.Kill();
        await Eventually.IsTrueAsync(async () => !await server.Node.IsRedisUpAsync());

        using var client = await server.OpenAsync("/ws/foobar?subscribe-broadcast");
        await redis.RestartAsync();
        await Eventually.IsTrueAsync(async () => await redis.CliAsync("PUBLISH", "broadcast:foobar", "back") == "1");

        Assert.Equal("back", await client.ReadAsync());
    }

    [Fact]
    public async Task Or_they_are_told_to_come_back_later()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartAsync(redis, ClientServer.Open + "\nwebsocket.without-redis = refuse");
        redis.Kill();
        await Eventually.IsTrueAsync(async () => !await server.Node.IsRedisUpAsync());

        var (status, head, body) = await server.RefusedAsync("/ws/foobar?subscribe-broadcast");

        Assert.Equal((503, "The channels cannot be subscribed now"), (status, body));
        Assert.Contains("Retry-After", head, StringComparison.Ordinal);
        Assert.Equal(503, await server.StatusAsync("/ws/foobar?subscribe-session", Session));
        await Eventually.IsTrueAsync(() => server.Node.Metrics.Connections == 0);
    }

    /// <summary>Who holds a session is not known then: what nobody in particular may have is given, for the rest the client must come again.</summary>
    [Theory]
    [InlineData("subscribe-broadcast", 101)]
    [InlineData("subscribe-broadcast&subscribe-session", 101)]
    [InlineData("subscribe-broadcast&subscribe-user", 503)]
    [InlineData("publish-broadcast", 503)]
    public async Task A_session_cookie_is_worth_its_session_only(string words, int status)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartAsync(redis, "rules = [{ words = [subscribe-broadcast, subscribe-session], allow = on }]");
        await server.Node.SignInAsync("key-1", "john", [], TimeSpan.FromMinutes(1));
        redis.Kill();
        await Eventually.IsTrueAsync(async () => !await server.Node.IsRedisUpAsync());

        Assert.Equal(status, await server.StatusAsync("/ws/foobar?" + words, Session));
    }

    [Fact]
    public async Task A_publish_by_post_fails_visibly_and_names_no_host()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartAsync(redis, ClientServer.Open);
        redis.Kill();
        await Eventually.IsTrueAsync(async () => !await server.Node.IsRedisUpAsync());
        using var http = server.Http();

        using var answer = await http.PostAsync("/publish/foobar?publish-broadcast", new StringContent("hello"));
        var body = await answer.Content.ReadAsStringAsync();

        Assert.Contains((int)answer.StatusCode, new[] { 502, 503 });
        Assert.StartsWith("{\"error\":\"", body, StringComparison.Ordinal);
        Assert.DoesNotContain(redis.Port.ToString(CultureInfo.InvariantCulture), body, StringComparison.Ordinal);
    }

    private static Task<ClientServer> StartAsync(RedisServer redis, string settings) =>
        ClientServer.StartAsync($"{Patience}\n{settings}\nredis.connection = \"{redis.ConnectionString}\"");
}
