using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Broker.Actors.Nodes;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.Server;

/// <summary>SIGTERM to a node of a cluster: real processes, one of which leaves.</summary>
public sealed class ClusterDrainTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task A_node_that_leaves_sends_its_clients_away_in_paces_and_hands_its_channels_over_without_loss()
    {
        const int Clients = 200;
        const int Channels = 8;
        await using var redis = await RedisServer.StartAsync();
        await using var stays = await StartAsync(redis);
        await using var leaves = await StartAsync(redis);
        await EventuallyAsync(stays, report => report.Members.Count == 2 && report.Members.All(member => !Repository.IsBuiltin || member.Shards > 150));
        var readers = await Task.WhenAll(Enumerable.Range(0, Channels).Select(channel => Reader.OpenAsync(stays, channel)));
        var crowd = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => OpenAsync(leaves, i % Channels)));
        var clock = Stopwatch.StartNew();
        var closings = crowd.Select(client => CloseOfAsync(client, clock)).ToArray();

        leaves.Signal("-TERM");
        var isOver = false;
        var publishing = Enumerable.Range(0, Channels).Select(channel => PublishAsync(stays, channel, () => Volatile.Read(ref isOver))).ToArray();
        var closes = await Task.WhenAll(closings);
        Assert.Equal(0, await leaves.EndsAsync());
        var after = await EventuallyAsync(stays, report => Repository.IsBuiltin ? report.Members is [{ Shards: 512 }] : report.Members.Count == 1);
        Volatile.Write(ref isOver, true);
        var published = await Task.WhenAll(publishing);

        Assert.All(closes, close => Assert.Equal((WebSocketCloseStatus.EndpointUnavailable, "going away: reconnect"), (close.Status, close.Text)));
        // Never more than the pace allows since the signal. A busy machine makes it slower, never faster.
        var times = closes.Select(close => close.After).Order().ToArray();
        for (var i = 0; i < Clients; i++) Assert.True(times[i] >= TimeSpan.FromMilliseconds(i / 20 * 100), $"{i + 1} clients were closed after {times[i]}");
        // Handed over, not taken from the dead.
        if (Repository.IsBuiltin) Assert.True(after.HandOvers is { Taken: > 150, TakenFromDead: 0, LastFailOver: null });
        for (var channel = 0; channel < Channels; channel++) await readers[channel].ReadsAsync(published[channel]);
        Assert.Equal("", leaves.Errors);
    }

    [Fact]
    public async Task A_node_that_is_told_to_stop_while_it_joins_stops()
    {
        // A SIGTERM during the start was told as "cannot listen: A task was canceled", with exit code 3: a node that joins a cluster takes a while.
        await using var redis = await RedisServer.StartAsync();
        await using var server = ServerProcess.Launch(
            ["dotnet", ServerProcess.Assembly, "--urls", "http://127.0.0.1:0"], ("BROKER_REDIS", redis.ConnectionString), ("BROKER_CLUSTER", "on"));
        await Eventually.IsTrueAsync(async () => (await redis.CliAsync("KEYS", "*broker:cluster:*")).Length > 0);

        server.Signal("-TERM");

        Assert.Equal(0, await server.EndsAsync());
        Assert.Equal("", server.Errors);
    }

    private static Task<ServerProcess> StartAsync(RedisServer redis) => ServerProcess.StartAsync(
        """
        broker {
          access = open, api-key = "the key", history { "chat-*" { size = 10000, ttl = 5m } }
          cluster { enabled = on }
          shutdown { clients = 20, interval = 100ms }
        }
        """,
        ("BROKER_REDIS", redis.ConnectionString));

    private static async Task<ClientWebSocket> OpenAsync(ServerProcess server, int channel)
    {
        var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Port}/ws/chat-{channel}?subscribe-broadcast"), default);
        return client;
    }

    private static async Task<(WebSocketCloseStatus? Status, string? Text, TimeSpan After)> CloseOfAsync(ClientWebSocket client, Stopwatch clock)
    {
        var buffer = new byte[100];
        while (true)
        {
            var received = await client.ReceiveAsync(buffer, default).WaitAsync(Deadline);
            if (received.MessageType != WebSocketMessageType.Close) continue;

            var after = clock.Elapsed;
            await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
            client.Dispose();
            return (received.CloseStatus, received.CloseStatusDescription, after);
        }
    }

    /// <returns>What was acknowledged.</returns>
    private static async Task<List<string>> PublishAsync(ServerProcess server, int channel, Func<bool> isOver)
    {
        var acknowledged = new List<string>();
        for (var i = 0; !isOver(); i++)
        {
            using var body = new StringContent($"{channel}: {i}");
            using var answer = await Http.PostAsync(new Uri($"{server.Address}/publish/chat-{channel}?publish-broadcast"), body).WaitAsync(Deadline);
            if (answer.StatusCode == HttpStatusCode.NoContent) acknowledged.Add($"{channel}: {i}");
        }

        return acknowledged;
    }

    private static async Task<ClusterReport> EventuallyAsync(ServerProcess server, Func<ClusterReport, bool> isSo)
    {
        ClusterReport? report = null;
        await Eventually.IsTrueAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, server.Address + "/api/cluster");
            request.Headers.Add("X-API-Key", "the key");
            using var answer = await Http.SendAsync(request);
            report = JsonSerializer.Deserialize<ClusterReport>(await answer.Content.ReadAsStringAsync(), JsonSerializerOptions.Web)!;
            return isSo(report);
        });
        return report!;
    }

    /// <summary>A client of the node that stays.</summary>
    private sealed class Reader(ClientWebSocket client)
    {
        private readonly List<string> _texts = [];

        public static async Task<Reader> OpenAsync(ServerProcess server, int channel) => new(await ClusterDrainTests.OpenAsync(server, channel));

        /// <summary>Everything once and in order; what was not acknowledged may be among it.</summary>
        public async Task ReadsAsync(List<string> published)
        {
            Assert.NotEmpty(published);
            var buffer = new byte[100];
            while (_texts.LastOrDefault() != published[^1])
            {
                var received = await client.ReceiveAsync(buffer, default).WaitAsync(Deadline);
                _texts.Add(Encoding.UTF8.GetString(buffer, 0, received.Count));
            }

            client.Dispose();
            Assert.Equal(_texts.Distinct(), _texts);
            Assert.Equal(published, _texts.Where(published.ToHashSet().Contains));
        }
    }
}
