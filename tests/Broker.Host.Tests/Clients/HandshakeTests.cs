using Broker.Host.Clients;
using Microsoft.AspNetCore.Builder;

namespace Broker.Host.Tests.Clients;

/// <summary>What a websocket's request is answered with: section 5 of the ws4redis specification, as its section 0 corrects it.</summary>
public sealed class HandshakeTests
{
    private const string Upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    private const string Version = "Sec-WebSocket-Version: 13\r\n";
    private const string Key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    [Theory]
    [InlineData("GET", "1.1", Upgrade + Version + Key, 101)]
    [InlineData("GET", "1.1", "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" + Version + Key, 101)]
    [InlineData("POST", "1.1", Upgrade + Version + Key + "Content-Length: 0\r\n", 400)]
    [InlineData("GET", "1.0", Upgrade + Version + Key, 400)]
    [InlineData("GET", "1.1", "", 400)]
    [InlineData("GET", "1.1", "Upgrade: h2c\r\nConnection: Upgrade\r\n" + Version + Key, 400)]
    [InlineData("GET", "1.1", Upgrade + Key, 426)]
    [InlineData("GET", "1.1", Upgrade + "Sec-WebSocket-Version: 8\r\n" + Key, 426)]
    [InlineData("GET", "1.1", Upgrade + Version, 400)]
    [InlineData("GET", "1.1", Upgrade + Version + "Sec-WebSocket-Key: short\r\n", 400)]
    public async Task A_request_gets_the_status_that_it_deserves(string method, string version, string headers, int status)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);

        using var client = await SocketClient.RequestAsync(server.Port, $"{method} /ws/foobar?subscribe-broadcast HTTP/{version}\r\nHost: localhost\r\n{headers}\r\n");

        Assert.Equal(status, client.Status);
        if (status == 426) Assert.Equal("13", client.Header("Sec-WebSocket-Version"));
    }

    [Theory]
    [InlineData("/ws?subscribe-broadcast", 404)]
    [InlineData("/wsx/foobar?subscribe-broadcast", 404)]
    [InlineData("/WS/foobar?subscribe-broadcast", 404)]
    [InlineData("/?subscribe-broadcast", 404)]
    [InlineData("/ws/?subscribe-broadcast", 101)]
    [InlineData("/ws/foobar", 101)]
    [InlineData("/ws/foobar?unknown&words=1", 101)]
    public async Task Only_what_stands_below_the_prefix_is_a_facility(string target, int status)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);

        Assert.Equal(status, await server.StatusAsync(target));
    }

    [Fact]
    public async Task The_prefix_can_be_another()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nwebsocket.path = \"/live/feed/\"");

        Assert.Equal(101, await server.StatusAsync("/live/feed/foobar?subscribe-broadcast"));
        Assert.Equal(404, await server.StatusAsync("/ws/foobar?subscribe-broadcast"));
    }

    [Fact]
    public async Task The_prefix_can_be_the_root_and_leaves_other_addresses_alone()
    {
        await using var server = await ClientServer.StartAsync(
            ClientServer.Open + "\nwebsocket.path = \"/\"\nraw-channels = [{ path = \"/chat\", channel = chat }]", pipeline: app => app.MapGet("/own", () => "the application's"));
        using var http = server.Http();
        using var client = await server.OpenAsync("/foo/bar?subscribe-broadcast");

        await server.Node.Publisher("foo/bar").PublishAsync("hello");

        Assert.Equal("hello", await client.ReadAsync());
        Assert.Equal("the application's", await http.GetStringAsync("/own"));
        Assert.Equal("live\n", await http.GetStringAsync("/health/live"));
        Assert.Equal(101, await server.StatusAsync("/chat"));
    }

    [Fact]
    public async Task An_application_may_map_the_broker_below_a_group_of_its_own()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open, pipeline: app => app.MapGroup("/realtime").MapBrokerClients());
        using var client = await server.OpenAsync("/realtime/ws/foo/bar?subscribe-broadcast");

        await server.Node.Publisher("foo/bar").PublishAsync("hello");

        Assert.Equal("hello", await client.ReadAsync());
    }

    [Fact]
    public async Task The_first_supported_subprotocol_is_chosen_and_none_by_default()
    {
        await using var silent = await ClientServer.StartAsync(ClientServer.Open);
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nwebsocket.subprotocols = [json, chat]");
        const string Offer = "Sec-WebSocket-Protocol: soap, chat, json";

        using var refused = await silent.OpenAsync("/ws/foobar", Offer);
        using var chosen = await server.OpenAsync("/ws/foobar", Offer);

        Assert.Null(refused.Header("Sec-WebSocket-Protocol"));
        Assert.Equal("chat", chosen.Header("Sec-WebSocket-Protocol"));
    }

    [Fact]
    public async Task A_node_that_is_full_says_come_back_later_until_somebody_leaves()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nlimits.connections = 1");
        using (await server.OpenAsync("/ws/foobar"))
        {
            var (status, head, _) = await server.RefusedAsync("/ws/foobar");

            Assert.Equal(503, status);
            Assert.Contains("Retry-After: 1", head, StringComparison.Ordinal);
        }

        await Eventually.IsTrueAsync(async () => await server.StatusAsync("/ws/foobar") == 101);
    }

    [Fact]
    public async Task A_node_that_stops_takes_no_new_websockets()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        await server.Node.StopAsync();

        Assert.Equal(503, await server.StatusAsync("/ws/foobar?subscribe-broadcast"));
    }
}
