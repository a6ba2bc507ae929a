using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Broker.Bench.Peers;

/// <summary>The servers that the bench has in itself: each runs as a process of its own, as <c>Broker.Bench serve NAME</c>.</summary>
internal static class PeerServer
{
    private static readonly Dictionary<string, Func<string[], WebApplication>> Servers = new()
    {
        ["application"] = ApplicationPeer.Build,
        ["kestrel"] = KestrelPeer.Build,
        ["signalr"] = SignalRPeer.Build,
    };

    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var app = Servers[arguments[0]](arguments[1..]);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Console.WriteLine($"{arguments[0]} is ready: {address}");
        await app.WaitForShutdownAsync();
        return 0;
    }

    public static WebApplicationBuilder Builder(string[] arguments)
    {
        var builder = WebApplication.CreateSlimBuilder(arguments);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        return builder;
    }

    public static ConnectionMultiplexer Redis() => ConnectionMultiplexer.Connect(new Uri(Environment.GetEnvironmentVariable("BROKER_REDIS")!).Authority + ",connectTimeout=20000,syncTimeout=20000");
}
