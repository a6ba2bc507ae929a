using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Bench.Peers;

/// <summary>What one writes without a library: Kestrel, the WebSocket class, a list of clients per facility.</summary>
internal static class KestrelPeer
{
    public static WebApplication Build(string[] arguments)
    {
        var builder = PeerServer.Builder(arguments);
        builder.Services.AddSingleton(new PeerTopics<KestrelTopic>(PeerServer.Redis(), _ => new KestrelTopic()));

        var app = builder.Build();
        app.UseWebSockets();
        app.Map("/subscribe/{facility}", SubscribeAsync);
        app.Map("/publish/{facility}", PublishAsync);
        return app;
    }

    private static async Task SubscribeAsync(HttpContext context, string facility, PeerTopics<KestrelTopic> topics)
    {
        var topic = await topics.JoinAsync(facility, static (topic, payload) => topic.Deliver(payload));
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var client = new KestrelClient(socket);
        topic.Add(client);
        try
        {
            await ReadAsync(socket, _ => { });
        }
        finally
        {
            topic.Remove(client);
            await topics.LeaveAsync(facility);
        }
    }

    private static async Task PublishAsync(HttpContext context, string facility, PeerTopics<KestrelTopic> topics)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await ReadAsync(socket, payload => topics.Publish(facility, payload.ToArray()));
    }

    private static async Task ReadAsync(WebSocket socket, Action<ReadOnlyMemory<byte>> onMessage)
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close) break;

                onMessage(buffer.AsMemory(0, received.Count));
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException)
        {
            // A client that goes without a word.
        }
    }
}
