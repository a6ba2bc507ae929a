using Broker.Actors.Nodes;
using Broker.Host.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Host.Tests.Server;

/// <summary>The server inside the test's process, on a free port.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LocalServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Urls.Single());
        Client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public BrokerNode Node => _app.Services.GetRequiredService<BrokerHost>().Node;

    public Uri WebSocket(string path, string query = "") => new UriBuilder(Address) { Scheme = "ws", Path = path, Query = query }.Uri;

    public static async Task<LocalServer> StartAsync(string configuration = "", string environment = "Development")
    {
        var builder = ServerBuilder.Create(new ServerArguments(null, false, false, ["--urls", "http://127.0.0.1:0", "--environment", environment]));
        builder.Logging.ClearProviders();
        builder.AddBroker(options =>
        {
            options.Configuration = configuration;
            options.ServePage = true;
        });

        var app = builder.Build();
        app.MapBroker();
        await app.StartAsync();
        return new LocalServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
