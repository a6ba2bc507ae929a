using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Nodes;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Settings;
using Broker.Testing.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Nodes;

/// <summary>A node with short times, on the embedded store or on a redis-server of its own, and a stranger beside it who speaks to the same Redis.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public const string Short = "shutdown.drain = 0s, channel { passivate-after = 300ms, tell-position-after = 50ms }, relay { stop-after = 200ms, check-every = 100ms }";

    public const string History = "history { \"*\" { size = 100000, ttl = 10m } }";

    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly IRedisBus _stranger;

    private TestNode(BrokerNode node, FaultyBus bus, IRedisBus stranger, RedisServer? server) => (Node, Bus, _stranger, Server) = (node, bus, stranger, server);

    public BrokerNode Node { get; }

    /// <summary>The node's own bus, whose calls can be made to fail.</summary>
    public FaultyBus Bus { get; }

    /// <summary>Null on the embedded store.</summary>
    public RedisServer? Server { get; }

    public static async Task<TestNode> StartAsync(string settings = "", string redis = "embedded", BrokerOptions? options = null)
    {
        var server = redis == "redis" ? await RedisServer.StartAsync() : null;
        var configuration = Configuration.Parse($"broker {{ {Short}, redis.connection = \"{server?.ConnectionString}\" }}\nbroker {{ {settings} }}");

        var store = new InMemoryStore();
        FaultyBus? bus = null;
        var node = await BrokerNode.StartAsync(configuration, (options ?? new BrokerOptions()) with
        {
            OpenBus = async (read, log, time) => bus = new FaultyBus(server is null ? new InMemoryBus(store) : await RedisBuses.OpenAsync(read, log, time)),
        });
        var stranger = server is null ? new InMemoryBus(store) : await RedisBuses.OpenAsync(node.Settings, NullLogger.Instance, TimeProvider.System);
        return new TestNode(node, bus!, stranger, server);
    }

    /// <summary>The next publish of the node sets the last value, and an outage swallows its copies.</summary>
    public void LoseCopiesOfNextPublish() => Bus.LoseCopiesOfNextPublish(_stranger);

    /// <summary>Somebody who knows nothing of Broker: PUBLISH, and with a time before that SETEX.</summary>
    public Task StrangerPublishesAsync(ChannelName channel, string payload, int expire = 0) =>
        _stranger.PublishAsync(Keys(channel), [new OutgoingPublication(Encoding.UTF8.GetBytes(payload), null, null, expire)]);

    /// <summary>A pipelined burst.</summary>
    public Task StrangerPublishesAsync(ChannelName channel, IEnumerable<string> payloads) =>
        _stranger.PublishAsync(Keys(channel), [.. payloads.Select(payload => new OutgoingPublication(Encoding.UTF8.GetBytes(payload), null, null, 0))]);

    public async Task<IReadOnlyList<StoredPublication>> StreamAsync(ChannelName channel)
    {
        var all = new List<StoredPublication>();
        while (true)
        {
            var page = await _stranger.ReadHistoryAsync(Keys(channel), all.Count == 0 ? 0 : all[^1].Offset, 1000, 1 << 20);
            if (page.Publications.Count == 0) return all;
            all.AddRange(page.Publications);
        }
    }

    public async Task<WireClient> ConnectAsync(WireClient client, params ChannelName[] subscribe) =>
        await ConnectAsync(client, new ConnectionPlan(Audiences.Caller.Anonymous, subscribe, [], Echo: true));

    public async Task<WireClient> ConnectAsync(WireClient client, ConnectionPlan plan)
    {
        client.Begin(await Node.OpenAsync(plan, LineFormat.Instance));
        return client;
    }

    /// <summary>Waits for a fact.</summary>
    public static async Task UntilAsync(Func<bool> fact, string what)
    {
        var deadline = DateTime.UtcNow + Soon;
        while (!fact())
        {
            if (DateTime.UtcNow > deadline) Assert.Fail($"did not come: {what}");
            await Task.Delay(5);
        }
    }

    /// <summary>Publishes again until it does not fail.</summary>
    public static async Task UntilTakenAsync(Func<Task> publish)
    {
        var deadline = DateTime.UtcNow + Soon;
        while (true)
        {
            try
            {
                await publish().WaitAsync(Soon);
                return;
            }
            catch (Publishing.PublishException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(10);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await _stranger.DisposeAsync();
        if (Server is not null) await Server.DisposeAsync();
    }

    private RedisKeys Keys(ChannelName channel) => new(channel.ToRedis(Node.Settings.Prefix));
}
