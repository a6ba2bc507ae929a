using System.Buffers;
using System.Net;
using System.Threading.Channels;
using Broker.Host.Clients;
using Broker.Host.Door;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Host.Tests.WebSockets;

/// <summary>A real Kestrel on a free port that sends every message back, and tells of its connections and how they ended.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    public static readonly WebSocketSettings Settings = new(64 * 1024, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(24), TimeSpan.FromSeconds(60));

    private readonly WebApplication _app;
    private readonly WebSocketSettings _settings;
    private readonly Channel<WebSocketConnection> _connections = Channel.CreateUnbounded<WebSocketConnection>();
    private readonly Channel<Ending> _endings = Channel.CreateUnbounded<Ending>();

    private EchoServer(WebSocketSettings settings, Action<KestrelServerOptions>? kestrel, bool door)
    {
        _settings = settings;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (door)
        {
            builder.Services.AddBrokerClients(HostConfiguration.Load(new BrokerHostOptions()));
            builder.AddWebSocketDoor();
        }

        builder.WebHost.ConfigureKestrel(options =>
        {
            if (kestrel is null) options.Listen(IPAddress.Loopback, 0);
            else kestrel(options);
        });
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;

    /// <summary>What to do with a message instead of sending it back.</summary>
    public Func<WebSocketConnection, ReadOnlyMemory<byte>, bool, ValueTask>? OnMessage { get; set; }

    /// <summary>Behaves as a server that shows streams only.</summary>
    public bool HidesConnections { get; set; }

    /// <param name="door">As the standalone server, which owns Kestrel.</param>
    public static async Task<EchoServer> StartAsync(WebSocketSettings? settings = null, Action<KestrelServerOptions>? kestrel = null, bool door = false)
    {
        var server = new EchoServer(settings ?? Settings, kestrel, door);
        await server._app.StartAsync();
        return server;
    }

    public Task<WebSocketConnection> NextConnectionAsync() => _connections.Reader.ReadAsync().AsTask().WaitAsync(Deadline.Fact);

    public Task<Ending> NextEndingAsync() => _endings.Reader.ReadAsync().AsTask().WaitAsync(Deadline.Fact);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (HidesConnections) context = new DefaultHttpContext(new WithoutConnection(context.Features));
        if (WebSocketHandshake.Check(context) is { } refusal)
        {
            await refusal.WriteAsync(context);
            return;
        }

        var pipe = await WebSocketHandshake.AcceptAsync(context, WebSocketHandshake.ChooseSubprotocol(context.Request, ["chat", "json"]));
        var connection = new WebSocketConnection(pipe, _settings, TimeProvider.System);
        _connections.Writer.TryWrite(connection);

        await WebSocketHandshake.CarryAsync(context, () => connection.RunAsync(new User(this, connection)));
    }

    private static ValueTask Echo(WebSocketConnection connection, ReadOnlyMemory<byte> payload, bool isText)
    {
        var frame = new ArrayBufferWriter<byte>();
        Frames.Write(frame, isText ? Opcode.Text : Opcode.Binary, payload.Span);
        return connection.Transport.WriteAsync([frame.WrittenMemory]);
    }

    private sealed class User(EchoServer server, WebSocketConnection connection) : IWebSocketUser
    {
        public ValueTask OnMessageAsync(ReadOnlyMemory<byte> payload, bool isText) => (server.OnMessage ?? Echo)(connection, payload, isText);

        public void OnEnded(Ending ending) => server._endings.Writer.TryWrite(ending);
    }
}
