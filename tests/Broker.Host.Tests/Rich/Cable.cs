using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Broker.Host.Tests.Rich;

/// <summary>A way to a server that can be cut: bytes in both directions, and no word at the end.</summary>
internal sealed class Cable : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Socket> _ends = [];
    private readonly int _server;

    public Cable(int server)
    {
        _server = server;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whoever has a connection loses it; the next one is carried again.</summary>
    public void Cut()
    {
        while (_ends.TryTake(out var end)) end.Close(0);
    }

    public void Dispose()
    {
        _listener.Stop();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync();
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(IPAddress.Loopback, _server);
                _ends.Add(client);
                _ends.Add(server);
                _ = CarryAsync(client, server);
                _ = CarryAsync(server, client);
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // Nobody uses it any more.
        }
    }

    private static async Task CarryAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is var count and > 0) await to.SendAsync(buffer.AsMemory(0, count));
        }
        catch (Exception cut) when (cut is SocketException or ObjectDisposedException)
        {
            // The other direction ends with it.
        }

        from.Close(0);
        to.Close(0);
    }
}
