using System.Buffers;
using System.Globalization;
using System.Text;
using Broker.Actors.Audiences;
using Broker.Host.Identity;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.Server;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Door;

/// <summary>The door on real sockets, before the whole of the client's side.</summary>
public sealed class WebSocketDoorTests
{
    private const string Handshake =
        "GET /ws/foobar?subscribe-broadcast&publish-broadcast&echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    [Theory]
    [InlineData("/ws/foobar", true)]
    [InlineData("/raw", true)]
    [InlineData("/ws/foo%20bar", false)]
    public async Task Plain_requests_come_through_the_door_and_others_through_HTTP(string target, bool door)
    {
        var doors = new List<bool>();
        await using var server = await StartAsync(
            "raw-channels = [{ path = \"/raw\", channel = chat }]", app => app.Use((context, next) =>
            {
                doors.Add(context.Features.Get<IWebSocketHandOver>() is not null);
                return next(context);
            }));

        using var client = await server.OpenAsync(target);

        Assert.Equal([door], doors);
    }

    [Fact]
    public async Task A_websocket_is_answered_as_by_Kestrel()
    {
        const string Settings = ClientServer.Open + "\nwebsocket.subprotocols = [chat]";
        await using var http = await ClientServer.StartAsync(Settings);
        await using var server = await ClientServer.StartAsync(Settings, door: true);

        using var theirs = await http.OpenAsync("/ws/foobar", "Sec-WebSocket-Protocol: soap, chat");
        using var ours = await server.OpenAsync("/ws/foobar", "Sec-WebSocket-Protocol: soap, chat");

        Assert.Equal(Comparable(theirs.Head), Comparable(ours.Head));
        Assert.Equal("chat", ours.Header("Sec-WebSocket-Protocol"));
        Assert.NotNull(ours.Header("Date"));
    }

    [Theory]
    [InlineData("", "/ws/foobar", 403, "Origin: http://elsewhere")]
    [InlineData("", "/ws/foobar?subscribe-broadcast", 403)]
    [InlineData("jwt.hs256 = 0123456789abcdef0123456789abcdef", "/ws/foobar", 401, "Authorization: Bearer a.b.c")]
    [InlineData("limits.connections = 0", "/ws/foobar", 503)]
    [InlineData("limits.facility-length = 3", "/ws/foobar", 414)]
    [InlineData("", "/ws/foobar?%zz", 400)]
    [InlineData("", "/ws/foobar", 426, "Sec-WebSocket-Version: 8")]
    [InlineData("", "/ws/foobar", 400, "Sec-WebSocket-Key: another")]
    [InlineData("", "/ws/gone", 404)]
    [InlineData("", "/ws/empty", 204)]
    [InlineData("", "/ws/broken", 500)]
    public async Task A_refusal_is_Kestrels_too_and_its_connection_can_be_used_again(string settings, string target, int status, params string[] headers)
    {
        await using var http = await ClientServer.StartAsync(settings, pipeline: Others);
        await using var server = await ClientServer.StartAsync(settings, pipeline: Others, door: true);
        var request = $"GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + (status == 426 ? "" : "Sec-WebSocket-Version: 13\r\n") + string.Concat(headers.Select(header => header + "\r\n")) + "\r\n";

        var theirs = await AskTwiceAsync(http, request);
        var ours = await AskTwiceAsync(server, request);

        Assert.StartsWith($"HTTP/1.1 {status} ", ours[0], StringComparison.Ordinal);
        Assert.Equal(theirs.Select(Comparable), ours.Select(Comparable));
        Assert.Equal(status == 500, server.Log.Lines.Any(line => line.Contains("broken", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_an_application_began_to_say_before_it_failed_is_not_said()
    {
        await using var server = await StartAsync(pipeline: app => app.Map("/ws/broken", async context =>
        {
            context.Response.Headers["X-Own"] = "begun";
            await context.Response.WriteAsync("begun");
            throw new InvalidOperationException("broken");
        }));

        var (status, head, body) = await server.RefusedAsync("/ws/broken");

        Assert.Equal((500, ""), (status, body));
        Assert.DoesNotContain("begun", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_application_had_written_and_not_yet_sent_before_it_failed_is_not_said()
    {
        // It stood in the writer when the answer was emptied, and went out with the 500.
        await using var server = await StartAsync(pipeline: app => app.Map("/ws/broken", context =>
        {
            context.Response.BodyWriter.Write("begun"u8);
            throw new InvalidOperationException("broken");
        }));

        var (status, _, body) = await server.RefusedAsync("/ws/broken");

        Assert.Equal((500, ""), (status, body));
    }

    [Fact]
    public async Task An_upgrade_that_fails_before_its_answer_is_answered_as_the_application_says()
    {
        // It was not answered at all: the connection counted as a websocket's already.
        await using var server = await StartAsync(pipeline: app => app.Use(async (context, next) =>
        {
            context.Response.OnStarting(() => context.Response.StatusCode == 101 ? throw new InvalidOperationException("broken") : Task.CompletedTask);
            try
            {
                await next(context);
            }
            catch (InvalidOperationException)
            {
                context.Response.StatusCode = 418;
            }
        }));

        var (status, _, _) = await server.RefusedAsync("/ws/foobar");

        Assert.Equal(418, status);
    }

    [Fact]
    public async Task A_connection_that_the_application_wants_closed_is_closed_after_the_answer()
    {
        await using var server = await StartAsync(pipeline: app => app.Map("/ws/last", context =>
        {
            context.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        }));
        using var client = await RawClient.ConnectAsync(server.Port);

        await client.SendAsync(Encoding.ASCII.GetBytes(Handshake.Replace("/ws/foobar", "/ws/last", StringComparison.Ordinal)));

        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.True(await client.EndsInOrderAsync());
    }

    [Fact]
    public async Task A_header_with_a_line_end_is_not_sent()
    {
        await using var server = await StartAsync(pipeline: app => app.Map("/ws/split", context =>
        {
            context.Response.Headers["X-Own"] = "a\r\nX-Other: b";
            return Task.CompletedTask;
        }));

        var (status, head, _) = await server.RefusedAsync("/ws/split");

        Assert.Equal(500, status);
        Assert.DoesNotContain("X-Other", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_to_be_done_before_and_after_an_answer_is_done()
    {
        var done = new List<string>();
        await using var server = await StartAsync(pipeline: app => app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers["X-Own"] = "last";
                return Task.CompletedTask;
            });
            context.Response.OnCompleted(() =>
            {
                done.Add("completed");
                return Task.CompletedTask;
            });
            return next(context);
        }));

        using var client = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast&echo");
        await client.SendAsync("hello");

        Assert.Equal("hello", await client.ReadAsync());
        Assert.Equal("last", client.Header("X-Own"));
        Assert.Equal(["completed"], done);
    }

    [Fact]
    public async Task A_request_in_pieces_is_served()
    {
        await using var server = await StartAsync();
        using var client = await RawClient.ConnectAsync(server.Port);

        foreach (var one in Handshake) await client.SendAsync([(byte)one]);
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await client.SendAsync(ClientFrames.Text("hello"));

        Assert.Equal("hello", (await client.ReadFrameAsync()).Text);
    }

    [Fact]
    public async Task Frames_that_come_with_the_request_are_not_lost()
    {
        await using var server = await StartAsync();
        using var client = await RawClient.ConnectAsync(server.Port);
        var bird = ClientFrames.Text("bird");

        await client.SendAsync(Encoding.ASCII.GetBytes(Handshake), ClientFrames.Text("early"), bird[..3]);
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await client.SendAsync(bird[3..]);

        Assert.Equal("early", (await client.ReadFrameAsync()).Text);
        Assert.Equal("bird", (await client.ReadFrameAsync()).Text);
        await client.SendAsync(ClientFrames.Close(1000));
        Assert.Equal(1000, await client.ReadCloseAsync());
        Assert.True(await client.EndsInOrderAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /ws/foobar HT")]
    [InlineData("GET /ws/foobar HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n")]
    public async Task A_client_that_says_nothing_or_half_a_request_is_sent_away(string half)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open, door: true, kestrel: options =>
        {
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1);
            options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(1);
        });
        using var client = await RawClient.ConnectAsync(server.Port);

        await client.SendAsync(Encoding.ASCII.GetBytes(half));

        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_server_that_stops_does_not_wait_for_clients_that_say_nothing()
    {
        var server = await LocalServer.StartAsync();
        using var silent = await RawClient.ConnectAsync(server.Address.Port);

        await server.DisposeAsync();

        Assert.True(await silent.EndsInOrderAsync());
    }

    [Fact]
    public async Task A_place_is_free_when_its_websocket_has_ended()
    {
        await using var server = await StartAsync("limits.connections = 1");
        using (await server.OpenAsync("/ws/foobar")) Assert.Equal(503, await server.StatusAsync("/ws/foobar"));

        await Eventually.IsTrueAsync(async () => await server.StatusAsync("/ws/foobar") == 101);
    }

    [Fact]
    public async Task A_client_that_goes_before_it_is_known_frees_its_place()
    {
        var resolver = new Patient();
        await using var server = await ClientServer.StartAsync(
            ClientServer.Open + "\nlimits.connections = 1", services: services => services.AddSingleton<IIdentityResolver>(resolver), door: true);
        var client = await RawClient.ConnectAsync(server.Port);
        await client.SendAsync(Encoding.ASCII.GetBytes(Handshake));
        await resolver.Asked.WaitAsync(Deadline.Fact);

        client.Reset();

        await Eventually.IsTrueAsync(async () => await server.StatusAsync("/ws/foobar") == 101);
        Assert.Empty(server.Log.Lines);
    }

    [Fact]
    public async Task The_requests_own_things_are_gone_before_the_websocket_lives()
    {
        var scoped = new TaskCompletionSource();
        await using var server = await ClientServer.StartAsync(
            ClientServer.Open, services: services => services.AddScoped(_ => new Scoped(scoped)), door: true,
            pipeline: app => app.Use((context, next) =>
            {
                context.RequestServices.GetRequiredService<Scoped>();
                return next(context);
            }));

        using var client = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast&echo");

        await scoped.Task.WaitAsync(Deadline.Fact);
        await client.SendAsync("still here");
        Assert.Equal("still here", await client.ReadAsync());
    }

    private static void Others(WebApplication app)
    {
        app.Map("/ws/gone", context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.ContentLength = 4;
            return context.Response.WriteAsync("gone");
        });
        app.Map("/ws/empty", context =>
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
        app.Map("/ws/broken", _ => throw new InvalidOperationException("broken"));
    }

    private static async Task<string[]> AskTwiceAsync(ClientServer server, string request)
    {
        using var client = await RawClient.ConnectAsync(server.Port);
        var answers = new string[2];
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(request));
            var head = await client.ReadHeadAsync();
            var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal))?["Content-Length: ".Length..] ?? "0";
            answers[i] = head + await client.ReadTextAsync(int.Parse(length, CultureInfo.InvariantCulture));
        }

        return answers;
    }

    private static string Comparable(string answer) =>
        string.Join('\n', answer.Split("\r\n").Where(line => !line.StartsWith("Date: ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    private static Task<ClientServer> StartAsync(string settings = "", Action<WebApplication>? pipeline = null) =>
        ClientServer.StartAsync(ClientServer.Open + "\n" + settings, pipeline: pipeline, door: true);

    /// <summary>Does not know its first client before the client has gone.</summary>
    private sealed class Patient : IIdentityResolver
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public async ValueTask<Caller?> ResolveAsync(HttpContext context, CancellationToken cancellation)
        {
            if (_asked.TrySetResult()) await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            return null;
        }
    }

    private sealed class Scoped(TaskCompletionSource disposed) : IDisposable
    {
        public void Dispose() => disposed.TrySetResult();
    }
}
