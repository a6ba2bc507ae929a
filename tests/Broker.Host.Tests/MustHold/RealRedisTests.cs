using Broker.Host.Tests.Clients;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.MustHold;

/// <summary>The server as a process, real Redis, real sockets.</summary>
[Collection(Alone.Name)]
public sealed class RealRedisTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(120);

    private const string History = "history { \"*\" { size = 20000, ttl = 5m } }";

    private RedisServer _redis = null!;

    public async Task InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task What_anybody_publishes_on_Redis_reaches_the_clients_of_the_facility()
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString);
        await using var crowd = await Crowd.ConnectAsync(broker.WebSocket("foobar?subscribe-broadcast"), 3);

        await _redis.CliAsync("PUBLISH", "broadcast:foobar", "hello");

        await crowd.ReceivedAsync(1, Soon);
        Assert.All(crowd.Clients, client => Assert.Equal(["hello"], client.Received));
        await Eventually.IsTrueAsync(async () => await broker.MetricAsync("broker_publications_delivered_total") == 3);
        await Eventually.IsTrueAsync(async () => await broker.MetricAsync("broker_bytes_sent_total") == 3 * "..hello".Length);
    }

    [Fact]
    public async Task What_a_client_publishes_is_what_redis_cli_sees_byte_for_byte()
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString);
        using var cli = _redis.StartCli("SUBSCRIBE", "broadcast:foobar");
        var heard = cli.StandardOutput.BaseStream;
        await ReadAsync(heard, "subscribe\nbroadcast:foobar\n1\n"u8.ToArray());
        await using var client = await Client.ConnectAsync(broker.WebSocket("foobar?publish-broadcast"));
        byte[] payload = [0, 255, 13, 10, .. "grüß dich"u8, 0xC3, 0x28];

        await client.SendAsync(payload);

        await ReadAsync(heard, [.. "message\nbroadcast:foobar\n"u8, .. payload, (byte)'\n']);
        cli.Kill();
    }

    [Fact]
    public async Task What_a_client_publishes_stays_the_last_message_for_the_configured_time()
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, "expire = 100");
        await using var client = await Client.ConnectAsync(broker.WebSocket("foobar?subscribe-broadcast&publish-broadcast&echo"));

        await client.SendAsync("grüß dich");
        await client.ReceivedAsync(1, Soon);

        Assert.Equal("grüß dich", (await _redis.CliAsync("GET", "broadcast:foobar")).Trim());
        Assert.InRange(int.Parse(await _redis.CliAsync("TTL", "broadcast:foobar"), System.Globalization.CultureInfo.InvariantCulture), 90, 100);
    }

    [Fact]
    public async Task What_a_foreign_publisher_has_set_is_replayed_to_new_clients()
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString);
        await _redis.CliAsync("SETEX", "broadcast:foobar", "100", "set by others");

        await using var client = await Client.ConnectAsync(broker.WebSocket("foobar?subscribe-broadcast"));

        await client.ReceivedAsync(1, Soon);
        Assert.Equal(["set by others"], client.Received);
    }

    [Theory]
    [InlineData("")]
    [InlineData(History)]
    public async Task A_thousand_clients_get_a_thousand_publishes_each_once_and_in_order(string history)
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, "outbox = 16MiB, " + history);
        await using var crowd = await Crowd.ConnectAsync(broker.WebSocket("crowd?subscribe-broadcast&echo"), 1000);
        var expected = Enumerable.Range(0, 1000).Select(i => $"message {i}").ToArray();

        await _redis.PipeAsync(expected.Select(message => new[] { "PUBLISH", "broadcast:crowd", message }));

        await crowd.ReceivedAsync(1000, Long);
        Assert.All(crowd.Clients, client => Assert.Equal(expected, client.Received));
        Assert.EndsWith("1", (await _redis.CliAsync("PUBSUB", "NUMSUB", "broadcast:crowd")).Trim(), StringComparison.Ordinal);
        Assert.InRange((await _redis.CliAsync("CLIENT", "LIST")).Trim().Split('\n').Length, 1, 8);
    }

    [Theory]
    [InlineData("")]
    [InlineData(History)]
    public async Task A_client_that_sends_a_hundred_messages_at_once_publishes_a_hundred_in_order(string history)
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, history);
        await using var listener = await Client.ConnectAsync(broker.WebSocket("burst?subscribe-broadcast"));
        await using var sender = await Client.ConnectAsync(broker.WebSocket("burst?publish-broadcast"));
        var messages = Enumerable.Range(0, 100).Select(i => $"message {i}").ToArray();

        await Task.WhenAll(messages.Select(sender.SendAsync));

        await listener.ReceivedAsync(100, Soon);
        Assert.Equal(messages, listener.Received);
    }

    [Theory]
    [InlineData("")]
    [InlineData(History)]
    public async Task A_burst_of_ten_thousand_publishes_arrives_whole_even_after_the_scripts_were_flushed(string history)
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, "outbox = 16MiB, " + history);
        await using var client = await Client.ConnectAsync(broker.WebSocket("burst?subscribe-broadcast&publish-broadcast&echo"));
        await client.SendAsync("first");
        await client.ReceivedAsync(1, Soon);
        await _redis.CliAsync("SCRIPT", "FLUSH");
        var messages = Enumerable.Range(0, 10_000).Select(i => $"message {i}").ToArray();

        await _redis.PipeAsync(messages.Select(message => new[] { "PUBLISH", "broadcast:burst", message }));

        await client.ReceivedAsync(10_001, Long);
        Assert.Equal(["first", .. messages], client.Received);
    }

    [Fact]
    public async Task Own_and_foreign_publishes_with_equal_payloads_stand_once_in_the_history_in_delivered_order()
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, "outbox = 16MiB, " + History);
        await using var listener = await Client.ConnectAsync(broker.WebSocket("mixed?subscribe-broadcast&echo"));
        await using var sender = await Client.ConnectAsync(broker.WebSocket("mixed?publish-broadcast"));
        var payloads = Enumerable.Range(0, 2000).Select(i => $"payload {i % 7}").ToArray();

        var foreign = _redis.PipeAsync(payloads.Select(payload => new[] { "PUBLISH", "broadcast:mixed", payload }));
        foreach (var payload in payloads) await sender.SendAsync(payload);
        await foreign;

        await listener.ReceivedAsync(4000, Long);
        var stored = await HistoryAsync("broadcast:mixed");
        Assert.Equal(4000, stored.Count);
        Assert.Equal(listener.Received, stored);
    }

    [Fact]
    public async Task Ten_thousand_idle_connections_leave_nothing_behind()
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, "channel.passivate-after = 1s, relay { stop-after = 500ms, check-every = 500ms }");
        var facility = broker.WebSocket("idle?subscribe-broadcast");

        await using (var crowd = await Crowd.ConnectAsync(facility, 10_000))
            Assert.All(crowd.Clients, client => Assert.True(client.IsOpen));

        foreach (var name in new[] { "broker_connections", "broker_relays", "broker_channels" })
            await Eventually.IsTrueAsync(async () => await broker.MetricAsync(name) == 0);
        await Eventually.IsTrueAsync(async () => (await _redis.CliAsync("PUBSUB", "NUMSUB", "broadcast:idle")).Trim().EndsWith('0'));
    }

    private static async Task ReadAsync(Stream stream, byte[] expected)
    {
        using var deadline = new CancellationTokenSource(Soon);
        var read = new byte[expected.Length];
        await stream.ReadExactlyAsync(read, deadline.Token);
        Assert.Equal(expected, read);
    }

    private async Task<IReadOnlyList<string>> HistoryAsync(string channel)
    {
        // Each entry prints its id, then its fields: name, value, …
        var lines = (await _redis.CliAsync("--no-raw", "XRANGE", $"{{{channel}}}:history", "-", "+")).Split('\n');
        var payloads = new List<string>();
        for (var i = 0; i < lines.Length - 1; i++)
            if (lines[i].EndsWith(" \"d\"", StringComparison.Ordinal)) payloads.Add(lines[i + 1].Trim().Split('"')[1]);
        return payloads;
    }
}
