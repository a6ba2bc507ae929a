using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Bench.Peers;

/// <summary>A SignalR hub whose groups are fed by Redis.</summary>
internal static class SignalRPeer
{
    public static WebApplication Build(string[] arguments)
    {
        var builder = PeerServer.Builder(arguments);

        // The load generator sends no pings.
        builder.Services.AddSignalR(hub => hub.ClientTimeoutInterval = TimeSpan.FromHours(1));
        var redis = PeerServer.Redis();
        builder.Services.AddSingleton(services => new PeerTopics<SignalRTopic>(redis, facility => new SignalRTopic(services.GetRequiredService<IHubContext<BenchHub>>(), facility)));

        var app = builder.Build();
        app.MapHub<BenchHub>("/hub");
        return app;
    }
}

/// <summary>Subscribes and publishes as its address says.</summary>
internal sealed class BenchHub(PeerTopics<SignalRTopic> topics) : Hub
{
    public override async Task OnConnectedAsync()
    {
        if (Query("subscribe") is { } facility)
        {
            await topics.JoinAsync(facility, static (topic, payload) => topic.Deliver(payload));
            await Groups.AddToGroupAsync(Context.ConnectionId, facility);
        }

        await Clients.Caller.SendAsync("ready");
    }

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        if (Query("subscribe") is { } facility) await topics.LeaveAsync(facility);
    }

    public void Publish(string payload) => topics.Publish(Query("publish")!, Encoding.UTF8.GetBytes(payload));

    private string? Query(string name) => Context.GetHttpContext()!.Request.Query[name];
}

/// <summary>One group. As SignalR's own Redis backplane does it: a queue for each channel, one message sent to all before the next.</summary>
internal sealed class SignalRTopic
{
    private readonly Channel<byte[]> _queue = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });

    public SignalRTopic(IHubContext<BenchHub> hub, string facility) => _ = SendAllAsync(hub.Clients.Group(facility));

    public void Deliver(byte[] payload) => _queue.Writer.TryWrite(payload);

    private async Task SendAllAsync(IClientProxy group)
    {
        await foreach (var payload in _queue.Reader.ReadAllAsync()) await group.SendAsync("message", Encoding.UTF8.GetString(payload));
    }
}
