using System.Net;
using System.Net.Sockets;

namespace Broker.Bench.Load;

/// <summary>Where a websocket goes.</summary>
internal sealed record WebSocketAddress(IPEndPoint EndPoint, string Host, string Path)
{
    public bool IsLoopback => IPAddress.IsLoopback(EndPoint.Address);

    /// <exception cref="ArgumentException">It is not the address of a websocket without TLS.</exception>
    public static WebSocketAddress Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != "ws") throw new ArgumentException($"'{url}' is not an address such as ws://127.0.0.1:8000/ws/chat");

        var address = IPAddress.TryParse(uri.Host, out var known) ? known : Dns.GetHostAddresses(uri.Host, AddressFamily.InterNetwork)[0];
        return new WebSocketAddress(new IPEndPoint(address, uri.Port), uri.Authority, uri.PathAndQuery);
    }

    public string Request() =>
        $"GET {Path} HTTP/1.1\r\nHost: {Host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}
