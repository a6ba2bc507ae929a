using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Broker.Faults.Deployments;

/// <summary>Stands before a port, counts the bytes that pass, and can be cut: it holds its connections, lets nothing through, and takes no more.</summary>
internal sealed class Forwarder : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<Connection, bool> _connections = [];
    private readonly Task _accepting;
    private Func<IPEndPoint, bool> _isCut = _ => false;
    private long _bytes;

    private Forwarder(IPEndPoint at, IPEndPoint target)
    {
        _target = target;
        _listener = new TcpListener(at);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>In both directions.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public static Forwarder Start(string before, string behind, int port) =>
        new(new IPEndPoint(IPAddress.Parse(before), port), new IPEndPoint(IPAddress.Parse(behind), port));

    /// <summary>From now on nothing passes from or to these peers: as when a network loses packets, nobody is told.</summary>
    public void Cut(Func<IPEndPoint, bool> isCut) => Volatile.Write(ref _isCut, isCut);

    /// <summary>What was held back is lost with its connections; new ones pass.</summary>
    public void Mend()
    {
        var isCut = Volatile.Read(ref _isCut);
        Volatile.Write(ref _isCut, _ => false);
        foreach (var connection in _connections.Keys.Where(connection => isCut(connection.From))) connection.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        foreach (var connection in _connections.Keys) connection.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = CarryAsync(await _listener.AcceptSocketAsync(_end.Token));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or InvalidOperationException)
        {
        }
    }

    private async Task CarryAsync(Socket outer)
    {
        var inner = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        outer.NoDelay = true;
        using var connection = new Connection((IPEndPoint)outer.RemoteEndPoint!, outer, inner);
        _connections[connection] = true;
        try
        {
            await inner.ConnectAsync(_target, _end.Token);
            await Task.WhenAny(PumpAsync(connection, outer, inner), PumpAsync(connection, inner, outer));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }

    private async Task PumpAsync(Connection connection, Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _end.Token) is > 0 and var count)
            {
                // A cut connection stays cut, also after the mending: what was lost in it cannot come later.
                if (Volatile.Read(ref _isCut)(connection.From)) await Task.Delay(Timeout.Infinite, connection.Ended);

                Interlocked.Add(ref _bytes, count);
                for (var sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _end.Token);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private sealed class Connection(IPEndPoint from, Socket outer, Socket inner) : IDisposable
    {
        private readonly CancellationTokenSource _ended = new();

        public IPEndPoint From => from;

        public CancellationToken Ended => _ended.Token;

        public void Dispose()
        {
            _ended.Cancel();
            outer.Dispose();
            inner.Dispose();
        }
    }
}
