using System.Net;
using Broker.Actors.Nodes;
using Broker.Host.Door;
using Broker.Host.Tests.WebSockets;
using Broker.Testing.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Broker.Host.Tests.Clients;

/// <summary>A real Kestrel on a free port with the embedded bus and the client's side of Broker, in Production unless told otherwise.</summary>
internal sealed class ClientServer : IAsyncDisposable
{
    /// <summary>Everything is allowed to everybody.</summary>
    public const string Open = "access = open";

    private readonly WebApplication _app;

    private ClientServer(WebApplication app, BrokerNode node, Logs logs)
    {
        _app = app;
        Node = node;
        Log = logs;
    }

    public BrokerNode Node { get; }

    /// <summary>The application's.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>What was logged at Warning and above, with exceptions.</summary>
    public Logs Log { get; }

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;

    /// <param name="settings">What stands in <c>broker { … }</c>.</param>
    /// <param name="environment">The name of the hosting environment.</param>
    /// <param name="services">The application's registrations.</param>
    /// <param name="pipeline">What the application maps besides.</param>
    /// <param name="kestrel">Its limits.</param>
    /// <param name="door">As the standalone server, which owns Kestrel.</param>
    public static async Task<ClientServer> StartAsync(
        string settings = "", string environment = "Production", Action<IServiceCollection>? services = null, Action<WebApplication>? pipeline = null,
        Action<KestrelServerOptions>? kestrel = null, bool door = false)
    {
        var logs = new Logs();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Logging.ClearProviders().AddProvider(logs);
        if (door) builder.AddWebSocketDoor();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            kestrel?.Invoke(options);
            options.Listen(IPAddress.Loopback, 0);
        });
        builder.AddBroker(broker => broker.Configuration = $"broker {{ redis.connection = \"\", shutdown.drain = 0s\n{settings}\n}}");
        services?.Invoke(builder.Services);

        var app = builder.Build();
        try
        {
            pipeline?.Invoke(app);
            app.MapBroker();
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new ClientServer(app, app.Services.GetRequiredService<BrokerHost>().Node, logs);
    }

    /// <summary>Opens a websocket; it must succeed.</summary>
    public async Task<SocketClient> OpenAsync(string target, params string[] headers)
    {
        var client = await SocketClient.ConnectAsync(Port, target, headers);
        Assert.Equal(101, client.Status);
        return client;
    }

    /// <summary>The answer to a websocket's request that is not let in, with its body.</summary>
    public async Task<(int Status, string Head, string Body)> RefusedAsync(string target, params string[] headers)
    {
        using var client = await SocketClient.ConnectAsync(Port, target, headers);
        return (client.Status, client.Head, await client.ReadBodyAsync());
    }

    /// <summary>The status that a websocket's request is answered with.</summary>
    public async Task<int> StatusAsync(string target, params string[] headers)
    {
        using var client = await SocketClient.ConnectAsync(Port, target, headers);
        return client.Status;
    }

    public HttpClient Http() => new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = Deadline.Fact };

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await Node.StopAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
