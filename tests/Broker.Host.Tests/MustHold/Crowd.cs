using System.Net.WebSockets;
using System.Text;

namespace Broker.Host.Tests.MustHold;

/// <summary>Many websocket clients that note what they get.</summary>
internal sealed class Crowd : IAsyncDisposable
{
    private readonly List<Client> _clients = [];

    public IReadOnlyList<Client> Clients => _clients;

    public static async Task<Crowd> ConnectAsync(Uri uri, int count)
    {
        var crowd = new Crowd();
        foreach (var part in Enumerable.Range(0, count).Chunk(50))
            crowd._clients.AddRange(await Task.WhenAll(part.Select(_ => Client.ConnectAsync(uri))));
        return crowd;
    }

    /// <summary>Until every client has got so many messages.</summary>
    public Task ReceivedAsync(int count, TimeSpan limit) => Task.WhenAll(_clients.Select(client => client.ReceivedAsync(count, limit)));

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync();
    }
}

/// <summary>One websocket client that notes what it gets.</summary>
internal sealed class Client : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private Task _reading = Task.CompletedTask;

    private Client(Inbox inbox) => Inbox = inbox;

    public Inbox Inbox { get; }

    public bool IsOpen => _socket.State == WebSocketState.Open;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public IReadOnlyList<string> Received => Inbox.All;

    public static async Task<Client> ConnectAsync(Uri uri, Inbox? inbox = null)
    {
        var client = new Client(inbox ?? new Inbox());
        client._socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await client._socket.ConnectAsync(uri, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        client._reading = client.ReadAsync();
        return client;
    }

    public Task SendAsync(string text) => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    public Task SendAsync(byte[] bytes) => _socket.SendAsync(bytes, WebSocketMessageType.Binary, true, CancellationToken.None);

    public Task ReceivedAsync(int count, TimeSpan limit) => Inbox.HasAsync(count, limit, () => $"socket {_socket.State} {_socket.CloseStatus}");

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult result;
                do
                {
                    result = await _socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                    length += result.Count;
                }
                while (!result.EndOfMessage);

                if (result.MessageType == WebSocketMessageType.Close) return;

                Inbox.Add(Encoding.UTF8.GetString(buffer, 0, length));
            }
        }
        catch (Exception end) when (end is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }
}
