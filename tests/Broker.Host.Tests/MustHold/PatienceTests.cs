using System.Net.Sockets;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.MustHold;

/// <summary>What takes a minute to show.</summary>
[Collection(Alone.Name)]
public sealed class PatienceTests : IAsyncLifetime
{
    private const string Heartbeat = "--heartbeat--";

    private RedisServer _redis = null!;

    public async Task InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task The_original_client_never_finds_its_heartbeat_missing_on_a_silent_and_on_a_busy_channel()
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, $"websocket.heartbeat = \"{Heartbeat}\"");
        await using var silent = await Client.ConnectAsync(broker.WebSocket("silent?subscribe-broadcast"));
        await using var busy = await Client.ConnectAsync(broker.WebSocket("busy?subscribe-broadcast"));
        using var minute = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        var publishing = PublishAsync(minute.Token);
        var missed = await Task.WhenAll(MostMissedAsync(silent, minute.Token), MostMissedAsync(busy, minute.Token));
        await publishing;

        Assert.All(missed, most => Assert.InRange(most, 0, 3));
        Assert.True(silent.IsOpen && busy.IsOpen);
        Assert.InRange(busy.Received.Count(text => text != Heartbeat), 500, int.MaxValue);
    }

    [Fact]
    public async Task Ten_thousand_connections_that_never_speak_end_and_leave_no_memory_behind()
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString);
        await using (var warm = await Crowd.ConnectAsync(broker.WebSocket("warm?subscribe-broadcast"), 100)) Assert.Equal(100, warm.Clients.Count);
        var before = broker.ResidentBytes();

        var silent = new List<Socket>();
        for (var i = 0; i < 10_000; i++) silent.Add(await ConnectAsync(broker));
        foreach (var socket in silent)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(120));
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], deadline.Token));
            socket.Dispose();
        }

        await using var client = await Client.ConnectAsync(broker.WebSocket("after?subscribe-broadcast&publish-broadcast&echo"));
        await client.SendAsync("still here");
        await client.ReceivedAsync(1, TimeSpan.FromSeconds(20));
        Assert.InRange(broker.ResidentBytes(), 0, before + 100 * 1024 * 1024);
    }

    private static async Task<Socket> ConnectAsync(ServerProcess broker)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", broker.Port);
        return socket;
    }

    /// <summary>What the original does every five seconds (ws4redis.js): one more is missing, until a heartbeat comes; more than three close the socket.</summary>
    private static async Task<int> MostMissedAsync(Client client, CancellationToken end)
    {
        var (most, missed, seen) = (0, 0, 0);
        try
        {
            using var interval = new PeriodicTimer(TimeSpan.FromSeconds(5));
            while (await interval.WaitForNextTickAsync(end))
            {
                var heartbeats = client.Received.Count(text => text == Heartbeat);
                if (heartbeats > seen) missed = 0;
                seen = heartbeats;
                most = Math.Max(most, ++missed);
                await client.SendAsync(Heartbeat);
            }
        }
        catch (OperationCanceledException)
        {
        }

        return most;
    }

    private async Task PublishAsync(CancellationToken end)
    {
        for (var i = 0; !end.IsCancellationRequested; i++)
            await _redis.PipeAsync(Enumerable.Range(0, 10).Select(part => new[] { "PUBLISH", "broadcast:busy", $"message {i}-{part}" }));
    }
}
