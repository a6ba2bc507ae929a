using System.Text;
using Broker.Host.Tests.Clients;

namespace Broker.Host.Tests.Api;

/// <summary>Credentials that a server takes back: who is in goes, and nobody comes in with them.</summary>
public sealed class RevokingTests
{
    private const string Settings = $"api-key = \"k\", jwt.hs256 = \"{Jwt.Secret}\"";

    [Fact]
    public async Task A_users_tokens_end_his_connections_and_open_no_more()
    {
        await using var server = await ClientServer.StartAsync(Settings);
        var (johns, marys) = (Token("john", "1"), Token("mary", "2"));
        using var john = await server.OpenAsync("/ws/news?subscribe-user", johns);
        using var mary = await server.OpenAsync("/ws/news?subscribe-user", marys);

        Assert.Equal("""{"result":{}}""", await PostAsync(server, "invalidate_user_tokens", """{"user":"john"}"""));

        Assert.Equal(3014, await john.ReadCloseAsync());
        await Eventually.IsAsync(1L, () => Task.FromResult(server.Node.Metrics.Connections));
        Assert.Equal("mary", Assert.Single((await server.Node.Server.FindClientsAsync()).Clients).Client.User);
        Assert.Equal(401, await server.StatusAsync("/ws/news?subscribe-user", johns));
        Assert.Equal(101, await server.StatusAsync("/ws/news?subscribe-user", marys));
    }

    [Fact]
    public async Task One_token_and_a_session_can_be_taken_back_too()
    {
        await using var server = await ClientServer.StartAsync(Settings);
        await server.Node.SignInAsync("a-session", "john", [], TimeSpan.FromMinutes(5));
        using var john = await server.OpenAsync("/ws/news?subscribe-session", "Cookie: sessionid=a-session");
        using var johns = await server.OpenAsync("/ws/news?subscribe-user", Token("john", "1"));
        using var other = await server.OpenAsync("/ws/news?subscribe-user", Token("john", "2"));

        Assert.Equal("""{"result":{}}""", await PostAsync(server, "revoke_token", """{"uid":"1"}"""));
        Assert.Equal("""{"result":{}}""", await PostAsync(server, "revoke_session", """{"session":"a-session"}"""));

        // Clients of ws4redis mode stayed open: nobody knew which token they had come with.
        Assert.Equal(3014, await johns.ReadCloseAsync());
        Assert.Equal(3500, await john.ReadCloseAsync());
        await Eventually.IsAsync(1L, () => Task.FromResult(server.Node.Metrics.Connections));
        Assert.Equal("2", Assert.Single((await server.Node.Server.FindClientsAsync()).Clients).Client.TokenId);
        Assert.Equal(401, await server.StatusAsync("/ws/news?subscribe-user", Token("john", "1")));
        Assert.Equal(101, await server.StatusAsync("/ws/news?subscribe-user", Token("john", "2")));
        Assert.NotEqual(101, await server.StatusAsync("/ws/news?subscribe-user", "Cookie: sessionid=a-session"));
    }

    // An open client was closed with 3500, which is for ever, though the door tells it that another token will do (109).
    [Fact]
    public async Task A_rich_client_whose_token_is_taken_back_is_closed_with_the_advice_that_it_gets_at_the_door()
    {
        await using var server = await ClientServer.StartAsync(Settings);
        var token = Jwt.Hs256(new { sub = "john", jti = "1" });
        using var open = await server.OpenAsync("/connection/websocket");
        await open.SendAsync($"{{\"id\":1,\"connect\":{{\"token\":\"{token}\"}}}}");
        await open.ReadAsync();

        await PostAsync(server, "revoke_token", """{"uid":"1"}""");

        Assert.Equal(3014, await open.ReadCloseAsync());
        using var again = await server.OpenAsync("/connection/websocket");
        await again.SendAsync($"{{\"id\":1,\"connect\":{{\"token\":\"{token}\"}}}}");
        Assert.Contains("\"code\":109", await again.ReadAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("revoke_token", "{}", 107)]
    [InlineData("invalidate_user_tokens", "{}", 107)]
    [InlineData("invalidate_user_tokens", """{"user":"john","channel":"broadcast:news"}""", 108)]
    [InlineData("revoke_session", """{"session":""}""", 107)]
    public async Task A_mistake_gets_its_code(string method, string body, int code)
    {
        await using var server = await ClientServer.StartAsync(Settings);

        Assert.StartsWith($$"""{"error":{"code":{{code}},""", await PostAsync(server, method, body), StringComparison.Ordinal);
    }

    private static string Token(string user, string id) =>
        "Authorization: Bearer " + Jwt.Hs256(new { sub = user, jti = id, iat = Jwt.In(TimeSpan.FromMinutes(-1)), exp = Jwt.In(TimeSpan.FromMinutes(5)) });

    private static async Task<string> PostAsync(ClientServer server, string method, string body)
    {
        using var http = server.Http();
        using var content = new StringContent(body, Encoding.UTF8);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/" + method) { Content = content };
        request.Headers.Add("X-API-Key", "k");
        using var answer = await http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
