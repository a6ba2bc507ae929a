using System.Text;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.Rich;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.Api;

/// <summary>Tokens that one node is told to take back, of clients that are at another.</summary>
public sealed class RevokingOnNodesTests : IAsyncLifetime
{
    private RedisServer _redis = null!;
    private ClientServer _asked = null!;
    private ClientServer _other = null!;

    public async Task InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        var settings =
            $$"""
            {{ClientServer.Open}}, api-key = "k", {{Gates.Key}}, rich.ping-interval = 1h, redis.connection = "{{_redis.ConnectionString}}"
            cluster { enabled = on, lease = 1s, secret = "of the tests" }
            """;
        (_asked, _other) = (await ClientServer.StartAsync(settings), await ClientServer.StartAsync(settings));
        foreach (var node in new[] { _asked.Node, _other.Node })
            await Eventually.IsTrueAsync(async () => (await node.LookAtClusterAsync()).Members is { Count: 2 } members && members.All(member => !Repository.IsBuiltin || member.Shards is > 150 and < 362));
    }

    public async Task DisposeAsync()
    {
        await _other.DisposeAsync();
        await _asked.DisposeAsync();
        await _redis.DisposeAsync();
    }

    // The subscription stood until its token expired, though nobody was to have it any more.
    [Fact]
    public async Task A_subscription_ends_with_its_token_and_its_client_stays_and_may_come_again_with_another()
    {
        using var john = await ConnectAsync(new { sub = "john", jti = "c-1" });
        await AskAsync(john, Subscribe(2, "broadcast:one", new { sub = "john", jti = "s-1", channel = "broadcast:one" }), "\"subscribe\":{");
        await AskAsync(john, Subscribe(3, "broadcast:two", new { sub = "john", jti = "s-2", channel = "broadcast:two" }), "\"subscribe\":{");
        await AskAsync(john, Subscribe(4, "broadcast:open"), "\"subscribe\":{");
        await using var stream = await SseClient.OpenAsync(
            _other, $"channel=broadcast:one&channel_token={Jwt.Hs256(new { sub = "john", jti = "s-1", channel = "broadcast:one" })}", "Authorization: Bearer " + Jwt.Hs256(new { sub = "john" }));
        Assert.Equal("subscribed", (await stream.NextAsync())!.Name);

        await PostAsync("revoke_token", """{"uid":"s-1"}""");

        Assert.Equal("""{"push":{"channel":"broadcast:one","unsubscribe":{"code":2502,"reason":"state invalidated"}}}""", await john.ReadAsync());
        await AskAsync(john, Subscribe(5, "broadcast:one", new { sub = "john", jti = "s-1", channel = "broadcast:one" }), "\"code\":109");
        await AskAsync(john, Command(6, "sub_refresh", "broadcast:two", new { sub = "john", jti = "s-1", channel = "broadcast:two" }), "\"code\":109");
        await AskAsync(john, Subscribe(7, "broadcast:one", new { sub = "john", jti = "s-3", channel = "broadcast:one" }), "\"subscribe\":{");
        foreach (var facility in new[] { "one", "two", "open" })
        {
            await _asked.Node.Publisher(facility).PublishAsync("1");
            Assert.Contains($"\"channel\":\"broadcast:{facility}\",\"pub\":", await john.ReadAsync(), StringComparison.Ordinal);
        }

        Assert.Equal("push", (await stream.NextAsync())!.Name);
        Assert.Equal(3014, await stream.EndAsync());
    }

    // Refreshed with another token it stands by that one.
    [Fact]
    public async Task A_subscription_that_was_refreshed_stands_by_its_new_token()
    {
        using var john = await ConnectAsync(new { sub = "john" });
        await AskAsync(john, Subscribe(2, "broadcast:one", new { sub = "john", jti = "s-1", channel = "broadcast:one" }), "\"subscribe\":{");
        await AskAsync(john, Command(3, "sub_refresh", "broadcast:one", new { sub = "john", jti = "s-2", channel = "broadcast:one" }), "\"sub_refresh\":{");

        await PostAsync("revoke_token", """{"uid":"s-1"}""");
        await _asked.Node.Publisher("one").PublishAsync("1");
        Assert.Contains("\"pub\":", await john.ReadAsync(), StringComparison.Ordinal);
        await PostAsync("revoke_token", """{"uid":"s-2"}""");

        Assert.Contains("\"code\":2502", await john.ReadAsync(), StringComparison.Ordinal);
    }

    // All of the user's clients were closed: those with a newer token came back with it, in vain sent away.
    [Fact]
    public async Task Of_a_user_whose_tokens_were_taken_back_who_came_with_a_newer_one_stays()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        using var newer = await ConnectAsync(new { sub = "john", iat = now - 10 });
        await AskAsync(newer, Subscribe(2, "broadcast:new", new { sub = "john", iat = now - 10, channel = "broadcast:new" }), "\"subscribe\":{");
        await AskAsync(newer, Subscribe(3, "broadcast:old", new { sub = "john", iat = now - 30, channel = "broadcast:old" }), "\"subscribe\":{");
        using var older = await ConnectAsync(new { sub = "john", iat = now - 30 });
        using var unknown = await ConnectAsync(new { sub = "john" });
        using var mary = await ConnectAsync(new { sub = "mary", iat = now - 30 });
        using var plainNewer = await _other.OpenAsync("/ws/new?subscribe-broadcast", "Authorization: Bearer " + Jwt.Hs256(new { sub = "john", iat = now - 10 }));
        using var plainOlder = await _other.OpenAsync("/ws/new?subscribe-broadcast", "Authorization: Bearer " + Jwt.Hs256(new { sub = "john", iat = now - 30 }));

        await PostAsync("invalidate_user_tokens", $$"""{"user":"john","issued_before":{{now - 20}}}""");

        foreach (var closed in new[] { older, unknown, plainOlder }) Assert.Equal(3014, await closed.ReadCloseAsync());
        Assert.Equal("""{"push":{"channel":"broadcast:old","unsubscribe":{"code":2502,"reason":"state invalidated"}}}""", await newer.ReadAsync());
        await _asked.Node.Publisher("new").PublishAsync("1");
        Assert.Contains("\"pub\":", await newer.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal("1", await plainNewer.ReadAsync());
        await AskAsync(mary, """{"id":2,"ping":{}}""", "\"ping\":{");
    }

    private async Task<SocketClient> ConnectAsync(object claims)
    {
        var client = await _other.OpenAsync("/connection/websocket");
        await AskAsync(client, $$$"""{"id":1,"connect":{"token":"{{{Jwt.Hs256(claims)}}}"}}""", "\"connect\":{");
        return client;
    }

    private static string Subscribe(int id, string channel, object? claims = null) => Command(id, "subscribe", channel, claims);

    private static string Command(int id, string method, string channel, object? claims = null) =>
        $$$"""{"id":{{{id}}},"{{{method}}}":{"channel":"{{{channel}}}","token":"{{{(claims is null ? "" : Jwt.Hs256(claims))}}}"}}""";

    private static async Task AskAsync(SocketClient client, string command, string answer)
    {
        await client.SendAsync(command);
        Assert.Contains(answer, await client.ReadAsync(), StringComparison.Ordinal);
    }

    private async Task PostAsync(string method, string body)
    {
        using var http = _asked.Http();
        using var content = new StringContent(body, Encoding.UTF8);
        http.DefaultRequestHeaders.Add("X-API-Key", "k");
        using var answer = await http.PostAsync(new Uri("/api/" + method, UriKind.Relative), content);
        Assert.Equal("""{"result":{}}""", await answer.Content.ReadAsStringAsync());
    }
}
