using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Broker.Host.Tests.Server;

/// <summary>SIGTERM to the real process.</summary>
public sealed class ShutdownTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task Clients_that_came_all_at_once_are_sent_away_one_after_the_other()
    {
        const int Clients = 400;
        await using var server = await ServerProcess.StartAsync("broker { access = open, shutdown { clients = 20, interval = 100ms } }");
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => OpenAsync(server)));
        var clock = Stopwatch.StartNew();
        var closings = clients.Select(client => CloseOfAsync(client, clock)).ToArray();

        server.Signal("-TERM");
        var closes = await Task.WhenAll(closings);

        Assert.Equal(0, await server.EndsAsync());
        Assert.All(closes, close => Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, close.Status));
        // Never more than the pace allows since the signal. A busy machine makes it slower, never faster.
        var times = closes.Select(close => close.After).Order().ToArray();
        for (var i = 0; i < Clients; i++) Assert.True(times[i] >= TimeSpan.FromMilliseconds(i / 20 * 100), $"{i + 1} clients were closed after {times[i]}");
        Assert.Equal("", server.Errors);
    }

    [Fact]
    public async Task While_it_drains_it_is_live_not_ready_and_lets_nobody_in()
    {
        await using var server = await ServerProcess.StartAsync("broker { access = open, shutdown { clients = 1, interval = 30s, drain = 90s } }");
        using var first = await OpenAsync(server);
        using var last = await OpenAsync(server);

        server.Signal("-TERM");
        await IsDrainingAsync(server);
        Assert.Equal("live\n", await Http.GetStringAsync(server.Address + "/health/live"));

        using var late = new ClientWebSocket();
        late.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => late.ConnectAsync(Facility(server), default));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, late.HttpStatusCode);
        Assert.Equal(["1"], late.HttpResponseHeaders!["Retry-After"]);

        // When all have gone by themselves it need not wait for the rest of the time.
        await first.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await last.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        Assert.Equal(0, await server.EndsAsync());
    }

    [Fact]
    public async Task A_client_that_does_not_answer_the_close_does_not_keep_the_process()
    {
        await using var server = await ServerProcess.StartAsync("broker { access = open, shutdown.drain = 0s, websocket.close-timeout = 500ms }");
        using var deaf = await OpenAsync(server);

        server.Signal("-TERM");

        Assert.Equal(0, await server.EndsAsync());
    }

    [Fact]
    public async Task Without_clients_it_stops_at_once()
    {
        await using var server = await ServerProcess.StartAsync("broker.shutdown.drain = 60s");

        server.Signal("-TERM");

        Assert.Equal(0, await server.EndsAsync());
    }

    [Fact]
    public async Task Messages_flow_until_the_last_client_is_closed()
    {
        await using var server = await ServerProcess.StartAsync("broker { access = open, shutdown { clients = 1, interval = 2s } }");
        using var one = await OpenAsync(server);
        using var other = await OpenAsync(server);

        server.Signal("-TERM");
        await IsDrainingAsync(server);
        foreach (var client in new[] { one, other }) await client.SendAsync("still here"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var texts = await Task.WhenAll(TextsAsync(one), TextsAsync(other));

        // One of them was closed at once; the other was open, and was served.
        Assert.Contains(texts, text => text.Contains("still here", StringComparison.Ordinal));
        Assert.Equal(0, await server.EndsAsync());
    }

    private static Task IsDrainingAsync(ServerProcess server) => Eventually.IsAsync((HttpStatusCode.ServiceUnavailable, "not ready: draining\n"), async () =>
    {
        using var answer = await Http.GetAsync(new Uri(server.Address + "/health/ready"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    });

    private static Uri Facility(ServerProcess server) => new($"ws://127.0.0.1:{server.Port}/ws/chat?subscribe-broadcast&publish-broadcast&echo");

    private static async Task<ClientWebSocket> OpenAsync(ServerProcess server)
    {
        var client = new ClientWebSocket();
        await client.ConnectAsync(Facility(server), default);
        return client;
    }

    private static async Task<(WebSocketCloseStatus? Status, TimeSpan After)> CloseOfAsync(ClientWebSocket client, Stopwatch clock)
    {
        var received = await client.ReceiveAsync(new byte[100], default).WaitAsync(Deadline);
        var after = clock.Elapsed;
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        client.Dispose();
        return (received.CloseStatus, after);
    }

    private static async Task<string> TextsAsync(ClientWebSocket client)
    {
        var texts = new StringBuilder();
        var buffer = new byte[1000];
        while (await client.ReceiveAsync(buffer, default).WaitAsync(Deadline) is { MessageType: WebSocketMessageType.Text } received)
            texts.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));

        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        return texts.ToString();
    }
}
