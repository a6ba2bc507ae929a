using System.Net;
using System.Net.Sockets;

namespace Broker.Engine.Tests.Builtin.Links;

/// <summary>Stands between two nodes as the network does: passes on, writes down, swallows.</summary>
internal sealed class Relay : IDisposable
{
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly List<byte> _said = [];
    private readonly List<Socket> _sockets = [];
    private volatile bool _swallows;

    private volatile bool _refuses;

    public Relay()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    public IPEndPoint? Target { get; set; }

    /// <summary>What those who dialled have said so far.</summary>
    public byte[] Said
    {
        get
        {
            lock (_sockets)
            {
                return [.. _said];
            }
        }
    }

    /// <summary>What is said arrives nowhere, without a word.</summary>
    public void Swallow() => _swallows = true;

    /// <summary>All connections break, new ones do too.</summary>
    public void Cut()
    {
        _refuses = true;
        CloseAll();
    }

    public void Pass() => _swallows = _refuses = false;

    public void Dispose()
    {
        _listener.Dispose();
        CloseAll();
    }

    private void CloseAll()
    {
        lock (_sockets)
        {
            _sockets.ForEach(socket => socket.Dispose());
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var from = await _listener.AcceptAsync();
                if (_refuses)
                {
                    from.Dispose();
                    continue;
                }

                var to = new Socket(SocketType.Stream, ProtocolType.Tcp);
                lock (_sockets)
                {
                    _sockets.AddRange([from, to]);
                }

                await to.ConnectAsync(Target!);
                _ = PumpAsync(from, to, isRecorded: true);
                _ = PumpAsync(to, from, isRecorded: false);
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool isRecorded)
    {
        var buffer = new byte[4096];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                lock (_sockets)
                {
                    if (isRecorded) _said.AddRange(buffer.AsSpan(0, count));
                }

                if (!_swallows) await to.SendAsync(buffer.AsMemory(0, count));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            to.Dispose();
        }
    }
}
