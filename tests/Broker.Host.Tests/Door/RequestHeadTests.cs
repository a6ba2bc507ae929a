using System.Text;
using Broker.Host.Door;

namespace Broker.Host.Tests.Door;

/// <summary>What the door takes for a websocket's request. Beside what it leaves stands what Kestrel makes of it; <see cref="SameAsKestrelTests"/> asks Kestrel.</summary>
public sealed class RequestHeadTests
{
    private const string Rest = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

    [Fact]
    public void A_plain_request_is_read_as_it_was_sent()
    {
        var bytes = "GET /ws/a/b;c?subscribe-broadcast&x=%2F?/ HTTP/1.1\r\nhost: Localhost:8000\r\nUPGRADE: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
            + "Cookie: a=b\r\nX-Own:  spaced out \r\nCookie: c=d\r\nEmpty:\r\n\r\nframes";

        var head = Read(bytes)!;

        Assert.Equal(("/ws/a/b;c?subscribe-broadcast&x=%2F?/", "/ws/a/b;c", "?subscribe-broadcast&x=%2F?/"), (head.Target, head.Path, head.Query));
        Assert.Equal(bytes.Length - "frames".Length, head.Length);
        Assert.Equal(
            ["Connection=keep-alive, Upgrade", "Cookie=a=b|c=d", "Empty=", "Host=Localhost:8000", "Upgrade=WebSocket", "X-Own=spaced out"],
            head.Headers.Select(header => $"{header.Key}={string.Join('|', header.Value.ToArray())}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/ws/foobar")]
    [InlineData("/ws/")]
    [InlineData("/ws/?")]
    [InlineData("/ws//foo..bar/")]
    [InlineData("/ws/~foo-bar_baz!$&'()*+,;=:@")]
    [InlineData("/raw")]
    [InlineData("/raw?x")]
    public void A_websockets_path_is_taken(string target) => Assert.NotNull(Read($"GET {target} HTTP/1.1\r\n{Rest}"));

    [Theory]
    [InlineData("/")] // Somebody else's.
    [InlineData("/ws")]
    [InlineData("/WS/foobar")] // Routing may find it.
    [InlineData("/raw/")]
    [InlineData("/raw/more")]
    [InlineData("/ws/foo%20bar")] // Decoded.
    [InlineData("/ws/%2e%2e/x")]
    [InlineData("/ws/../x")] // Made normal.
    [InlineData("/ws/./x")]
    [InlineData("/ws/.hidden")]
    [InlineData("/ws/foo#bar")] // As it stands.
    [InlineData("/ws/foo?a#b")]
    [InlineData("/ws/foo\\bar")]
    [InlineData("/ws/foo\"bar")]
    [InlineData("/ws/é")] // 400
    [InlineData("/ws/foo bar")]
    [InlineData("http://localhost/ws/foobar")] // The target's host counts.
    [InlineData("*")]
    public void Another_target_is_left(string target) => Assert.Null(Read($"GET {target} HTTP/1.1\r\n{Rest}"));

    [Theory]
    [InlineData("GET /ws/a HTTP/1.0")] // 400 of Broker's.
    [InlineData("GET /ws/a HTTP/1.2")] // 505
    [InlineData("GET /ws/a HTTP/2")]
    [InlineData("GET /ws/a http/1.1")]
    [InlineData("GET  /ws/a HTTP/1.1")] // 400
    [InlineData("GET /ws/a  HTTP/1.1")]
    [InlineData("GET /ws/a HTTP/1.1 ")]
    [InlineData("GET /ws/a")]
    [InlineData("GET\t/ws/a HTTP/1.1")]
    [InlineData(" GET /ws/a HTTP/1.1")]
    [InlineData("\r\nGET /ws/a HTTP/1.1")]
    [InlineData("get /ws/a HTTP/1.1")] // A method of its own.
    [InlineData("POST /ws/a HTTP/1.1")]
    [InlineData("PRI * HTTP/2.0")]
    public void Another_request_line_is_left(string line) => Assert.Null(Read($"{line}\r\n{Rest}"));

    [Theory]
    [InlineData("Host: localhost\r\n", "")] // 400
    [InlineData("Host: localhost", "Host: ")]
    [InlineData("Host: localhost", "Host: a\r\nHost: a")] // 400
    [InlineData("Host: localhost", "Host: a,b")]
    [InlineData("Host: localhost", "Host: a/b")]
    [InlineData("Host: localhost", "Host: user@a")]
    [InlineData("Host: localhost", "Host: a:")]
    [InlineData("Host: localhost", "Host: a:b")]
    [InlineData("Host: localhost", "Host: a:123456")]
    [InlineData("Host: localhost", "Host: [::1]:8000")] // Right, but seldom.
    [InlineData("Upgrade: websocket\r\n", "")] // No websocket.
    [InlineData("Upgrade: websocket", "Upgrade: h2c, websocket")]
    [InlineData("Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: websocket")]
    [InlineData("Connection: Upgrade\r\n", "")]
    [InlineData("Connection: Upgrade", "Connection: keep-alive")]
    [InlineData("Connection: Upgrade", "Connection: Upgrade, close")] // A refusal ends the connection.
    [InlineData("Connection: Upgrade", "Connection: Upgrade\r\nConnection: close")]
    [InlineData("Connection: Upgrade", "Connection: Upgrade, X-Own")]
    [InlineData("Connection: Upgrade", "Connection: Upgrade,")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nContent-Length: 0")] // A body.
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\ncontent-length: 5")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nTransfer-Encoding: chunked")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nExpect: 100-continue")] // 100
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\n folded")] // 400
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\n\tfolded")]
    [InlineData("Upgrade: websocket", "Upgrade : websocket")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nX: a\0b")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nX: a\rb")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nno colon")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\n: no name")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nX(): no token")]
    [InlineData("Upgrade: websocket\r\n", "Upgrade: websocket\n")] // Let pass.
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nX: a\tb")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket\r\nX: é")]
    public void Other_headers_are_left(string header, string instead)
    {
        var head = $"GET /ws/foobar HTTP/1.1\r\n{Rest}";
        Assert.NotNull(Read(head));

        Assert.Null(Read(head.Replace(header, instead, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_head_that_is_not_whole_is_left()
    {
        var head = $"GET /ws/foobar HTTP/1.1\r\n{Rest}";

        for (var length = 0; length < head.Length; length++) Assert.Null(Read(head[..length]));
    }

    [Fact]
    public void A_head_that_is_long_is_left()
    {
        static string With(int padding) => $"GET /ws/foobar HTTP/1.1\r\nX: {new string('x', padding)}\r\n{Rest}";
        var room = RequestHead.MaxBytes - With(0).Length;

        Assert.NotNull(Read(With(room)));
        Assert.Null(Read(With(room + 1)));
        Assert.Null(Read($"GET /ws/foobar HTTP/1.1\r\n{string.Concat(Enumerable.Range(0, 100).Select(i => $"X{i}: x\r\n"))}{Rest}"));
        Assert.Null(Read($"GET /ws/foobar HTTP/1.1\r\n{string.Concat(Enumerable.Range(0, 100).Select(_ => "X: x\r\n"))}{Rest}"));
    }

    private static RequestHead? Read(string bytes) =>
        RequestHead.Read(Encoding.Latin1.GetBytes(bytes), path => path.StartsWith("/ws/"u8) || path.SequenceEqual("/raw"u8));
}
