using System.Net.WebSockets;

namespace Broker.Bench.Peers;

/// <summary>The clients of one facility.</summary>
internal sealed class KestrelTopic
{
    private readonly HashSet<KestrelClient> _clients = [];

    public void Add(KestrelClient client)
    {
        lock (_clients) _clients.Add(client);
    }

    public void Remove(KestrelClient client)
    {
        lock (_clients) _clients.Remove(client);
    }

    public void Deliver(byte[] payload)
    {
        lock (_clients)
        {
            foreach (var client in _clients) client.Send(payload);
        }
    }
}

/// <summary>One websocket: sends at once, and what cannot be sent at once waits, up to as much as Broker lets wait.</summary>
internal sealed class KestrelClient(WebSocket socket)
{
    private const int MaxWaiting = 1 << 20;

    private readonly Queue<byte[]> _waiting = new();
    private int _waitingBytes;
    private bool _isSending;

    public void Send(byte[] payload)
    {
        lock (_waiting)
        {
            if (_isSending)
            {
                _waiting.Enqueue(payload);
                _waitingBytes += payload.Length;
                if (_waitingBytes > MaxWaiting) socket.Abort();
                return;
            }

            _isSending = true;
        }

        _ = SendAllAsync(payload);
    }

    private async Task SendAllAsync(byte[] payload)
    {
        try
        {
            do await socket.SendAsync(payload.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            while (TryNext(out payload));
        }
        catch (Exception gone) when (gone is WebSocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // It is over; the reading side finds out, too.
        }
    }

    private bool TryNext(out byte[] payload)
    {
        lock (_waiting)
        {
            _isSending = _waiting.TryDequeue(out payload!);
            if (_isSending) _waitingBytes -= payload.Length;
            return _isSending;
        }
    }
}
