using FsCheck;
using FsCheck.Fluent;

namespace Broker.Host.Tests.Door;

/// <summary>Bytes mean the same to a server with the door as to Kestrel alone, whether the door takes them or not: nothing can be smuggled between the two.</summary>
public sealed class SameAsKestrelTests : IAsyncLifetime
{
    private static readonly string[] Lines =
    [
        "Host: localhost\r\n", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n", "Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ];

    private static readonly string[] Oddities =
    [
        "Content-Length: 0\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "transfer-encoding : chunked\r\n", "Host: other\r\n", "Host: a b\r\n", "Connection: close\r\n",
        "Connection: keep-alive, Upgrade\r\n", "Upgrade: h2c\r\n", "Expect: 100-continue\r\n", " folded\r\n", "\tfolded\r\n", "Cookie: a=b; c=d\r\n", "Cookie: e=f\r\n", "X: a\tb\r\n", "X:\r\n", "X:y\r\n", "X : y\r\n",
        "X: é\r\n", ": x\r\n", "no colon\r\n", "X: y\n", "X: y\r", "\r\n", "\n", "\0", "x_y: z\r\n", "Authorization: Bearer x\r\n", "Sec-WebSocket-Protocol: a, b\r\n", "User-Agent: (x) y/1;z\r\n", "upgrade: WebSocket\r\n",
    ];

    private static readonly string[] Targets =
    [
        "/ws/foobar", "/ws/foo/bar?subscribe-broadcast&echo", "/ws/?x=%41%zz", "/ws/%41", "/ws/a/../b", "/ws/a/./b", "/ws/..", "/ws//a", "/ws/.a", "//ws/a", "/WS/a", "/ws", "/other", "*", "http://localhost/ws/a", "/ws/a#b",
        "/ws/a?b#c", "/ws/a\\b", "/ws/a b", "/ws/a{b}|c^`\"<>", "/ws/~a-b_c.d!$&'()*+,;=:@", "/ws/a??b?", "/ws/é", "",
    ];

    private MirrorServer _kestrel = null!;
    private MirrorServer _door = null!;

    public async Task InitializeAsync() => (_kestrel, _door) = (await MirrorServer.StartAsync(door: false), await MirrorServer.StartAsync(door: true));

    public async Task DisposeAsync()
    {
        await _kestrel.DisposeAsync();
        await _door.DisposeAsync();
    }

    [Fact]
    public async Task Plain_requests_are_taken()
    {
        foreach (var target in new[] { "/ws/foobar", "/ws/foo/bar?subscribe-broadcast&echo", "/ws/?x=%41" }) await IsSameAsync(Request($"GET {target} HTTP/1.1\r\n", Lines));

        Assert.Equal(3, _door.Taken);
    }

    [Fact]
    public async Task Any_target_means_the_same()
    {
        foreach (var target in Targets) await IsSameAsync(Request($"GET {target} HTTP/1.1\r\n", Lines));
    }

    [Fact]
    public async Task Any_oddity_means_the_same_wherever_it_stands()
    {
        foreach (var oddity in Oddities)
            for (var at = 0; at <= Lines.Length; at++) await IsSameAsync(Request("GET /ws/foobar HTTP/1.1\r\n", [.. Lines[..at], oddity, .. Lines[at..]]));
    }

    [Fact]
    public async Task Any_byte_means_the_same_wherever_it_stands()
    {
        var whole = Request("GET /ws/foobar?a HTTP/1.1\r\n", Lines[..3]);
        foreach (var one in "\0\t\n\r \"#%,/:;?\\\u007fé")
            for (var at = 0; at <= whole.Length; at++) await IsSameAsync(whole.Insert(at, one.ToString()));
    }

    [Fact]
    public void Requests_of_any_such_parts_mean_the_same()
    {
        var requests =
            from line in Gen.Elements("GET {0} HTTP/1.1\r\n", "GET {0} HTTP/1.1\r\n", "GET {0} HTTP/1.1\r\n", "GET {0} HTTP/1.0\r\n", "POST {0} HTTP/1.1\r\n", "GET  {0} HTTP/1.1\r\n", "GET {0} HTTP/1.1\n")
            from target in Gen.Elements(Targets)
            from odd in Gen.Choose(0, 3).SelectMany(count => Gen.ArrayOf(Gen.Elements(Oddities), count))
            from order in Gen.Shuffle(Lines.Concat(odd).ToArray())
            from left in Gen.Choose(0, 20)
            select Request(string.Format(System.Globalization.CultureInfo.InvariantCulture, line, target), [.. order.Where((_, at) => at != left)]);
        var property = Prop.ForAll(Arb.From(requests), request => IsSameAsync(request).GetAwaiter().GetResult());

        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(20_260_417UL, 1UL), property);
    }

    private static string Request(string line, string[] headers) => line + string.Concat(headers) + "\r\n";

    private async Task IsSameAsync(string request)
    {
        var answers = await Task.WhenAll(_kestrel.AskAsync(request), _door.AskAsync(request));
        Assert.True(answers[0] == answers[1], $"{request}\nKestrel alone:\n{answers[0]}\nwith the door:\n{answers[1]}");
    }
}
