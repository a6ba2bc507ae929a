using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Host.Clients;
using Broker.Host.Door;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Host.Tests.Door;

/// <summary>A Kestrel that answers every request with what it has understood of it, with the door before it or without.</summary>
internal sealed class MirrorServer : IAsyncDisposable
{
    /// <summary>Ends every conversation in which it is still heard.</summary>
    private const string Last = "GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n";

    private readonly WebApplication _app;
    private int _taken;

    private MirrorServer(WebApplication app)
    {
        _app = app;
        app.Run(MirrorAsync);
    }

    /// <summary>How many requests came through the door.</summary>
    public int Taken => _taken;

    private int Port => new Uri(_app.Urls.Single()).Port;

    public static async Task<MirrorServer> StartAsync(bool door)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddBrokerClients(HostConfiguration.Load(new BrokerHostOptions()));
        if (door) builder.AddWebSocketDoor();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var server = new MirrorServer(builder.Build());
        await server._app.StartAsync();
        return server;
    }

    /// <summary>All that the server says to these bytes and a last request after them, in an order of its own that does not matter.</summary>
    public async Task<string> AskAsync(string bytes)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        await socket.SendAsync(Encoding.Latin1.GetBytes(bytes + Last));

        var answer = new MemoryStream();
        try
        {
            await using var stream = new NetworkStream(socket);
            await stream.CopyToAsync(answer).WaitAsync(Deadline.Fact);
        }
        catch (IOException)
        {
            // A server that has refused the rest of the bytes may reset the connection.
        }

        return Comparable(Encoding.Latin1.GetString(answer.ToArray()));
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task MirrorAsync(HttpContext context)
    {
        if (context.Features.Get<IWebSocketHandOver>() is not null) Interlocked.Increment(ref _taken);

        var (request, feature) = (context.Request, context.Features.GetRequiredFeature<IHttpRequestFeature>());
        var text = new StringBuilder($"{request.Method} {feature.RawTarget} {request.PathBase}|{request.Path}|{request.QueryString} {request.Protocol} {request.Scheme} {request.Host}\n");
        foreach (var (name, values) in request.Headers.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase))
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{name.ToLowerInvariant()}=[{string.Join("][", values.ToArray())}]\n");

        text.Append(context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest);
        text.Append(request.ContentLength).Append(context.Connection.RemoteIpAddress).Append(context.Connection.LocalPort == Port);
        var body = Encoding.UTF8.GetBytes(text.ToString());
        context.Response.ContentLength = body.Length;
        context.Response.Headers["X-Mirror"] = "yes";
        await context.Response.Body.WriteAsync(body);
    }

    private static string Comparable(string answers) =>
        string.Join('\n', answers.Split("\r\n").Where(line => !line.StartsWith("Date: ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
}
