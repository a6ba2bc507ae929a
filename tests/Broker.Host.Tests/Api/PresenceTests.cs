using System.Text.Json;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.Rich;

namespace Broker.Host.Tests.Api;

/// <summary>Who is there, as servers that know Centrifugo ask and read it.</summary>
public sealed class PresenceTests
{
    private const string Settings = $$"""{{ClientServer.Open}}, {{Gates.Key}}, api-key = k, presence = on, channels = [ { facility = quiet, presence = off } ]""";

    [Fact]
    public async Task Who_is_there_is_told_by_connection_with_what_its_tokens_say_of_it()
    {
        await using var server = await ClientServer.StartAsync(Settings);
        using var http = Http(server);
        using var john = await server.OpenAsync("/connection/websocket");
        using var nobody = await server.OpenAsync("/connection/websocket");

        var token = Jwt.Hs256(new { sub = "john", info = new { name = "John" } });
        var subscription = Jwt.Hs256(new { sub = "john", channel = "broadcast:chat", info = new { seat = 7 } });
        var id = await ConnectAsync(john, $"\"token\":\"{token}\"");
        await john.SendAsync($"{{\"id\":2,\"subscribe\":{{\"channel\":\"broadcast:chat\",\"token\":\"{subscription}\"}}}}");
        var anonymous = await ConnectAsync(nobody, "");
        await nobody.SendAsync("{\"id\":2,\"subscribe\":{\"channel\":\"broadcast:chat\"}}");

        await Eventually.IsAsync("""{"result":{"num_clients":2,"num_users":2}}""", () => PostAsync(http, "presence_stats", "broadcast:chat"));
        var presence = JsonDocument.Parse(await PostAsync(http, "presence", "broadcast:chat")).RootElement.GetProperty("result").GetProperty("presence");
        Assert.Equal(2, presence.EnumerateObject().Count());
        Assert.Equal($$$"""{"user":"john","client":"{{{id}}}","conn_info":{"name":"John"},"chan_info":{"seat":7}}""", presence.GetProperty(id).GetRawText());
        Assert.Equal($$"""{"user":"","client":"{{anonymous}}"}""", presence.GetProperty(anonymous).GetRawText());

        nobody.Dispose();
        await Eventually.IsAsync("""{"result":{"num_clients":1,"num_users":1}}""", () => PostAsync(http, "presence_stats", "broadcast:chat"));
        Assert.Equal("""{"result":{"presence":{}}}""", await PostAsync(http, "presence", "broadcast:empty"));
    }

    [Theory]
    [InlineData("presence")]
    [InlineData("presence_stats")]
    public async Task Where_nobody_is_to_know_it_is_not_available(string method)
    {
        await using var server = await ClientServer.StartAsync(Settings);
        using var http = Http(server);

        Assert.StartsWith("""{"error":{"code":108,""", await PostAsync(http, method, "broadcast:quiet"), StringComparison.Ordinal);
        Assert.StartsWith("""{"error":{"code":102,""", await PostAsync(http, method, "quiet"), StringComparison.Ordinal);
        Assert.StartsWith("""{"error":{"code":107,""", await PostAsync(http, method, ""), StringComparison.Ordinal);
    }

    /// <summary>Returns the connection's id.</summary>
    private static async Task<string> ConnectAsync(SocketClient client, string with)
    {
        await client.SendAsync($"{{\"id\":1,\"connect\":{{{with}}}}}");
        return JsonDocument.Parse(await client.ReadAsync()).RootElement.GetProperty("connect").GetProperty("client").GetString()!;
    }

    private static HttpClient Http(ClientServer server)
    {
        var http = server.Http();
        http.DefaultRequestHeaders.Add("X-API-Key", "k");
        return http;
    }

    private static async Task<string> PostAsync(HttpClient http, string method, string channel)
    {
        using var body = new StringContent($$"""{"channel":"{{channel}}"}""");
        using var answer = await http.PostAsync(new Uri($"/api/{method}", UriKind.Relative), body);
        return await answer.Content.ReadAsStringAsync();
    }
}
