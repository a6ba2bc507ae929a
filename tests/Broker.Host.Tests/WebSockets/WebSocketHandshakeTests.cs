using System.Net;
using System.Text;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Broker.Host.Tests.WebSockets;

public sealed class WebSocketHandshakeTests : IAsyncLifetime
{
    private EchoServer _server = null!;

    public async Task InitializeAsync() => _server = await EchoServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_answer_is_the_one_of_the_RFCs_example()
    {
        var answer = await AskAsync(RawClient.Handshake, upgraded: true);

        Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nUpgrade: websocket\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: Upgrade\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Sec-WebSocket-Protocol", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Sec-WebSocket-Extensions", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Upgrade: websocket", "Upgrade: WebSocket")]
    [InlineData("Upgrade: websocket", "Upgrade: h2c, websocket")]
    [InlineData("Connection: Upgrade", "Connection: keep-alive, upgrade")]
    [InlineData("Connection: Upgrade", "Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate")]
    public async Task Headers_may_be_spelled_in_other_ways(string header, string spelling)
    {
        var answer = await AskAsync(With(header, spelling), upgraded: true);

        Assert.StartsWith("HTTP/1.1 101 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Sec-WebSocket-Extensions", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET ", "PUT ", 400, "HTTP method must be a GET")]
    [InlineData("GET ", "POST ", 400, "HTTP method must be a GET")]
    [InlineData("HTTP/1.1", "HTTP/1.0", 400, "HTTP server protocol must be 1.1")]
    [InlineData("Upgrade: websocket\r\n", "", 400, "Client does not wish to upgrade to a websocket")]
    [InlineData("Upgrade: websocket", "Upgrade: h2c", 400, "Client does not wish to upgrade to a websocket")]
    [InlineData("Connection: Upgrade\r\n", "", 400, "Connection header must contain Upgrade")]
    [InlineData("Connection: Upgrade", "Connection: keep-alive", 400, "Connection header must contain Upgrade")]
    [InlineData("Sec-WebSocket-Version: 13\r\n", "", 426, "Sec-WebSocket-Version must be 13")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426, "Sec-WebSocket-Version must be 13")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13, 8", 426, "Sec-WebSocket-Version must be 13")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400, "Sec-WebSocket-Key header is missing/empty")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "", 400, "Sec-WebSocket-Key header is missing/empty")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 400, "Invalid Sec-WebSocket-Key")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=", 400, "Invalid Sec-WebSocket-Key")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZSEh", 400, "Invalid Sec-WebSocket-Key")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "!!!!IHNhbXBsZSBub25jZQ==", 400, "Invalid Sec-WebSocket-Key")]
    public async Task A_request_that_is_no_handshake_is_told_what_is_wrong(string header, string instead, int status, string text)
    {
        var answer = await AskAsync(With(header, instead), upgraded: false);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains(text, answer, StringComparison.Ordinal);
        Assert.Equal(status == 426, answer.Contains("\r\nSec-WebSocket-Version: 13\r\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("chat", "chat")]
    [InlineData("unknown, json, chat", "json")]
    [InlineData("unknown\r\nSec-WebSocket-Protocol: chat", "chat")]
    [InlineData("unknown", null)]
    [InlineData("Chat", null)]
    public async Task Only_the_first_offered_subprotocol_that_is_supported_is_chosen(string offered, string? chosen)
    {
        var answer = await AskAsync(With("Upgrade: websocket", $"Upgrade: websocket\r\nSec-WebSocket-Protocol: {offered}"), upgraded: true);

        var lines = answer.Split("\r\n").Where(line => line.StartsWith("Sec-WebSocket-Protocol: ", StringComparison.Ordinal));
        Assert.Equal(chosen is null ? [] : [$"Sec-WebSocket-Protocol: {chosen}"], lines);
    }

    [Fact]
    public void Where_any_subprotocol_is_supported_the_first_proper_one_is_chosen()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.SecWebSocketProtocol = "not a token, ws4redis, other";

        Assert.Equal("ws4redis", WebSocketHandshake.ChooseSubprotocol(context.Request, supported: null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /ws/foobar HT")]
    [InlineData("GET /ws/foobar HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n")]
    public async Task Half_a_handshake_is_ended_by_the_servers_timeout(string half)
    {
        await using var server = await EchoServer.StartAsync(kestrel: options =>
        {
            options.Listen(IPAddress.Loopback, 0);
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1);
            options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(1);
        });
        using var client = await RawClient.ConnectAsync(server.Port);

        await client.SendAsync(Encoding.ASCII.GetBytes(half));

        Assert.True(await client.IsClosedAsync());
    }

    private static string With(string header, string instead) => RawClient.Handshake.Replace(header, instead, StringComparison.Ordinal);

    private async Task<string> AskAsync(string request, bool upgraded)
    {
        using var client = await RawClient.ConnectAsync(_server.Port);
        await client.SendAsync(Encoding.ASCII.GetBytes(request));
        return upgraded ? await client.ReadHeadAsync() : await client.ReadAnswerAsync();
    }
}
