using System.Net.WebSockets;
using Broker.Actors.Audiences;
using Broker.Host;
using Broker.Host.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Broker.Bench.Peers;

/// <summary>An application with Broker inside whose code publishes: one publication for each message of a websocket that only gives the orders.</summary>
internal static class ApplicationPeer
{
    public static WebApplication Build(string[] arguments)
    {
        var parsed = ServerArguments.Parse(arguments);
        var builder = ServerBuilder.Create(parsed);
        builder.AddBroker(options => options.ConfigurationFile = parsed.ConfigurationFile);

        var app = builder.Build();
        app.UseWebSockets();
        app.Map("/from-code/{facility}", PublishAsync);
        app.MapBroker();
        return app;
    }

    private static async Task PublishAsync(HttpContext context, string facility, BrokerHost broker)
    {
        var publisher = broker.Node.Publisher(facility, Audience.Broadcast);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[4096];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close) return;

            // Not waited for: Broker keeps the order in which it is called.
            _ = publisher.PublishAsync(buffer.AsMemory(0, received.Count).ToArray());
        }
    }
}
