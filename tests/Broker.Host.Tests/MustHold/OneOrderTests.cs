using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Publishing;
using Broker.Actors.Subscribing;
using Broker.Host.Tests.Rich;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.MustHold;

/// <summary>Whoever listens to a channel, in whatever way, sees what everybody publishes there, in whatever way, in one order.</summary>
[Collection(Alone.Name)]
public sealed class OneOrderTests : IAsyncLifetime
{
    private const string Name = "broadcast:order";

    private const string History = "history { \"order\" { size = 5000, ttl = 5m } }";

    /// <summary>What each publisher publishes.</summary>
    private const int Each = 100;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private static readonly ChannelName Channel = ChannelName.Parse(Name);

    private readonly Stack<IAsyncDisposable> _open = new();
    private readonly List<LocalServer> _servers = [];
    private readonly Dictionary<string, Inbox> _seen = [];
    private RedisServer _redis = null!;

    public async Task InitializeAsync() => _open.Push(_redis = await RedisServer.StartAsync());

    public async Task DisposeAsync()
    {
        while (_open.TryPop(out var open)) await open.DisposeAsync();
    }

    /// <param name="history">Off or on.</param>
    /// <param name="nodes">A node alone, or a cluster.</param>
    /// <param name="direct">Somebody publishes on Redis itself, too.</param>
    [Theory]
    [InlineData("", 1, true)]
    [InlineData("", 2, true)]
    [InlineData(History, 1, false)]
    [InlineData(History, 1, true)]
    [InlineData(History, 2, false)]
    [InlineData(History, 2, true)]
    public async Task All_listeners_see_what_all_publishers_publish_at_once_in_one_order(string history, int nodes, bool direct)
    {
        await StartAsync(history, nodes);
        foreach (var server in _servers) await ListenAsync(server);
        await ListenAsync(_redis);

        var publishers = Publishers(direct);
        await Task.WhenAll(publishers.Select(publisher => publisher.Value()));
        foreach (var (who, inbox) in _seen) await inbox.HasAsync(publishers.Count * Each, Soon, () => who);
        await _servers[0].Node.Publisher("order").PublishAsync("the end");
        foreach (var (who, inbox) in _seen) await inbox.HasAsync(publishers.Count * Each + 1, Soon, () => who);

        var order = _seen["C# 0"].All;
        var expected = publishers.Keys.ToDictionary(who => who, Sent);
        Assert.Equal("the end", order[^1]);
        foreach (var (who, sent) in expected) Assert.Equal(sent, order.Where(sent.Contains));
        foreach (var (who, inbox) in _seen.Where(listener => listener.Key != "redis-cli")) Assert.True(order.SequenceEqual(inbox.All), $"{who} saw another order");
        if (history.Length > 0) Assert.Equal(order, await HistoryAsync());

        // What somebody publishes on Redis itself is there at once, and in a history when it is appended: only among themselves, and among Broker's own, are they in one order then.
        var onRedis = _seen["redis-cli"].All;
        Assert.Equal(order.Count, onRedis.Count);
        if (history.Length == 0 || !direct) Assert.Equal(order, onRedis);
        else foreach (var isDirect in new[] { true, false }) Assert.Equal(order.Where(text => IsDirect(text) == isDirect), onRedis.Where(text => IsDirect(text) == isDirect));
    }

    private static bool IsDirect(string text) => text.StartsWith("redis-cli", StringComparison.Ordinal);

    private static string[] Sent(string who) => [.. Enumerable.Range(0, Each).Select(i => Text(who, i))];

    /// <summary>JSON where the publisher can publish nothing else.</summary>
    private static string Text(string who, int number) =>
        who is "rich" or "API" ? $$"""{"{{who}}": {{number}}}""" : $"{who} {number}";

    private async Task StartAsync(string history, int nodes)
    {
        var cluster = nodes > 1 ? "cluster { enabled = on, lease = 3s }" : "";
        for (var i = 0; i < nodes; i++)
        {
            var server = await LocalServer.StartAsync(
                $"broker {{ access = open, api-key = k, shutdown.drain = 0s, redis.connection = \"{_redis.ConnectionString}\", {history}\n{cluster}\n}}", "Production");
            _open.Push(server);
            _servers.Add(server);
        }

        // The first node of a cluster owns nothing for a lease.
        foreach (var server in _servers) await Eventually.IsTrueAsync(() => IsServingAsync(server));
    }

    private static async Task<bool> IsServingAsync(LocalServer server)
    {
        try
        {
            await server.Node.Publisher("order-elsewhere").PublishAsync("");
            return server.Node.IsMember;
        }
        catch (PublishException)
        {
            return false;
        }
    }

    private async Task ListenAsync(LocalServer server)
    {
        var number = _servers.IndexOf(server).ToString(CultureInfo.InvariantCulture);
        Inbox Of(string kind) => _seen[$"{kind} {number}"] = new Inbox();

        _open.Push(await Client.ConnectAsync(server.WebSocket("/ws/order", "subscribe-broadcast&echo"), Of("ws4redis")));

        var rich = await RichClient.ConnectAsync(server.WebSocket("/connection/websocket"), inbox: Of("rich"));
        _open.Push(rich);
        await rich.SubscribeAsync(Name);

        var protobuf = await ProtobufClient.ConnectAsync(server.WebSocket("/connection/websocket"), Of("protobuf"));
        _open.Push(protobuf);
        await protobuf.SubscribeAsync(Name);

        var stream = await SseClient.OpenAsync(server.Address.Port, "channel=" + Name);
        _open.Push(stream);
        Assert.Equal("subscribed", (await stream.NextAsync())!.Name);
        _ = ReadAsync(stream, Of("SSE"));

        var subscription = server.Node.SubscribeAsync(Channel);
        _open.Push(subscription);
        await subscription.StartAsync();
        _ = ReadAsync(subscription, Of("C#"));

        var subscribed = new TaskCompletionSource();
        var inbox = Of("actor");
        var actor = server.Node.Services.System.ActorOf(Props.Create(() => new Listener(inbox, subscribed)));
        server.Node.Actor.Tell(new Subscribe(Channel, actor), ActorRefs.NoSender);
        await subscribed.Task.WaitAsync(Soon);
    }

    private async Task ListenAsync(RedisServer redis)
    {
        var cli = redis.StartCli("SUBSCRIBE", Name);
        _open.Push(new Ending(cli.Kill));
        for (var line = 0; line < 3; line++) await cli.StandardOutput.ReadLineAsync();
        _ = ReadAsync(cli.StandardOutput, _seen["redis-cli"] = new Inbox());
    }

    private static async Task ReadAsync(SseClient stream, Inbox inbox)
    {
        while (await stream.NextAsync() is { } happened)
        {
            using var publication = JsonDocument.Parse(happened.Data);
            inbox.Add(RichClient.TextOf(publication.RootElement.GetProperty("data")));
        }
    }

    private static async Task ReadAsync(Subscription subscription, Inbox inbox)
    {
        await foreach (var publication in subscription) inbox.Add(Encoding.UTF8.GetString(publication.Payload.Span));
    }

    /// <summary>What redis-cli prints of each publication: its kind, its channel, its payload.</summary>
    private static async Task ReadAsync(StreamReader output, Inbox inbox)
    {
        for (var i = 0; await output.ReadLineAsync() is { } line; i++) if (i % 3 == 2) inbox.Add(line);
    }

    private Dictionary<string, Func<Task>> Publishers(bool direct)
    {
        var (first, last) = (_servers[0], _servers[^1]);
        var publishers = new Dictionary<string, Func<Task>>
        {
            ["ws4redis"] = async () =>
            {
                var client = await Client.ConnectAsync(last.WebSocket("/ws/order", "publish-broadcast"));
                _open.Push(client);
                await EachAsync("ws4redis", client.SendAsync);
            },
            ["rich"] = async () =>
            {
                await using var client = await RichClient.ConnectAsync(first.WebSocket("/connection/websocket"));
                await EachAsync("rich", text => client.PublishAsync(Name, text));
            },
            ["protobuf"] = async () =>
            {
                await using var client = await ProtobufClient.ConnectAsync(last.WebSocket("/connection/websocket"));
                await EachAsync("protobuf", text => client.PublishAsync(Name, text));
            },
            ["API"] = () => EachAsync("API", text => PostAsync(last, text)),
            ["C#"] = () => EachAsync("C#", text => first.Node.Publisher("order").PublishAsync(text)),
            ["actor"] = () => EachAsync("actor", text => last.Node.Actor.Ask<Published>(new Publish(Channel, Encoding.UTF8.GetBytes(text)), Soon)),
        };

        // A few in a row, over and over, by a process of its own.
        if (direct)
            publishers["redis-cli"] = async () =>
            {
                foreach (var some in Sent("redis-cli").Chunk(7)) await _redis.PipeAsync(some.Select(text => new[] { "PUBLISH", Name, text }));
            };
        return publishers;
    }

    private static async Task EachAsync(string who, Func<string, Task> publish)
    {
        foreach (var text in Sent(who)) await publish(text);
    }

    private static async Task PostAsync(LocalServer server, string data)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/publish") { Content = new StringContent($$"""{"channel":"{{Name}}","data":{{data}}}""") };
        request.Headers.Add("X-API-Key", "k");
        using var answer = await server.Client.SendAsync(request);
        Assert.True((await answer.Content.ReadFromJsonAsync<JsonElement>()).TryGetProperty("result", out _));
    }

    private async Task<IReadOnlyList<string>> HistoryAsync()
    {
        var payloads = new List<string>();
        var history = await _servers[^1].Node.Server.ReadHistoryAsync(Channel, limit: -1);
        foreach (var publication in history.Publications) payloads.Add(Encoding.UTF8.GetString(publication.Payload.Span));
        return payloads;
    }

    private sealed class Listener : ReceiveActor
    {
        public Listener(Inbox inbox, TaskCompletionSource subscribed)
        {
            Receive<Subscribed>(_ => subscribed.TrySetResult());
            Receive<Publication>(publication => inbox.Add(Encoding.UTF8.GetString(publication.Payload.Span)));
        }
    }

    private sealed class Ending(Action end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}
