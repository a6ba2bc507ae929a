using System.Globalization;
using System.Text;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.Clients;

/// <summary>A websocket client of a chosen URL, as ws4redis's clients are.</summary>
internal sealed class SocketClient : IDisposable
{
    private readonly RawClient _client;

    private SocketClient(RawClient client, string head)
    {
        _client = client;
        Head = head;
    }

    /// <summary>Status line and headers of the answer.</summary>
    public string Head { get; }

    public int Status => int.Parse(Head.Split(' ')[1], CultureInfo.InvariantCulture);

    /// <summary>Sends a handshake for a target, which is sent as it stands.</summary>
    public static async Task<SocketClient> ConnectAsync(int port, string target, params string[] headers)
    {
        var client = await RawClient.ConnectAsync(port);
        var request = new StringBuilder($"GET {target} HTTP/1.1\r\n")
            .Append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        if (!headers.Any(header => header.StartsWith("Host:", StringComparison.Ordinal))) request.Append("Host: localhost\r\n");
        foreach (var header in headers) request.Append(header).Append("\r\n");

        await client.SendAsync(Encoding.Latin1.GetBytes(request.Append("\r\n").ToString()));
        return new SocketClient(client, await client.ReadHeadAsync());
    }

    /// <summary>Sends a request as it stands.</summary>
    public static async Task<SocketClient> RequestAsync(int port, string request)
    {
        var client = await RawClient.ConnectAsync(port);
        client.TrySend(Encoding.Latin1.GetBytes(request));
        return new SocketClient(client, await client.ReadHeadAsync());
    }

    public string? Header(string name) =>
        Head.Split("\r\n").FirstOrDefault(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))?[(name.Length + 2)..];

    public Task<string> ReadBodyAsync() => _client.ReadTextAsync(int.Parse(Header("Content-Length") ?? "0", CultureInfo.InvariantCulture));

    public Task SendAsync(params string[] texts) => _client.SendAsync([.. texts.Select(ClientFrames.Text)]);

    public Task SendFrameAsync(params byte[][] frames) => _client.SendAsync(frames);

    public Task<ServerFrame> ReadFrameAsync() => _client.ReadFrameAsync();

    /// <summary>The next message, which must be text.</summary>
    public async Task<string> ReadAsync()
    {
        var frame = await _client.ReadFrameAsync();
        Assert.Equal(Opcode.Text, frame.Opcode);
        return frame.Text;
    }

    public async Task<string[]> ReadAsync(int count)
    {
        var texts = new string[count];
        for (var i = 0; i < count; i++) texts[i] = await ReadAsync();
        return texts;
    }

    public Task<int> ReadCloseAsync() => _client.ReadCloseAsync();

    public Task<bool> IsClosedAsync() => _client.IsClosedAsync();

    public void Dispose() => _client.Dispose();
}
