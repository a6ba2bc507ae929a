using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Settings;
using Broker.Actors.Streams;
using Broker.Actors.Tests.Nodes;
using Broker.Testing.Logging;
using Broker.Testing.Redis;

namespace Broker.Actors.Tests.Streams;

public sealed class StreamTests
{
    private const string Orders = """streams = [ { stream = "orders", group = "broker", channel = "broadcast:orders", field = "data" } ]""";

    private static readonly ChannelName Channel = ChannelName.Broadcast("orders");

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task What_services_add_to_a_stream_is_published_in_order_and_acknowledged(string history)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var node = await StartAsync(redis, history);
        await using var reading = await Reading.OfAsync(node, Channel);

        await AddAsync(redis, 0, 500);

        await reading.UntilCountAsync(500);
        Assert.Equal(Numbers(500), reading.Texts);
        await UntilAllAcknowledgedAsync(redis);
    }

    [Fact]
    public async Task Entries_from_before_the_group_was_there_are_published_too()
    {
        await using var redis = await RedisServer.StartAsync();
        await AddAsync(redis, 0, 250);

        await using var node = await StartAsync(redis, TestNode.History);

        await using var reading = await Reading.OfAsync(node, Channel, new StreamPosition(await EpochAsync(redis), 0));
        await reading.UntilCountAsync(250);
        Assert.Equal(Numbers(250), reading.Texts);
    }

    [Fact]
    public async Task Entries_that_cannot_be_published_are_passed_over_counted_and_acknowledged()
    {
        await using var redis = await RedisServer.StartAsync();
        var logs = new Logs();
        await using var node = await StartAsync(redis, "max-message = 100", logs);
        await using var reading = await Reading.OfAsync(node, Channel);

        await redis.CliAsync("XADD", "orders", "1-0", "other", "x");
        await redis.CliAsync("XADD", "orders", "2-0", "data", new string('x', 101));
        await redis.CliAsync("XADD", "orders", "3-0", "other", "y", "data", "good");

        await reading.UntilCountAsync(1);
        Assert.Equal(["good"], reading.Texts);
        await UntilAllAcknowledgedAsync(redis);
        Assert.Contains(logs.Lines, line => line.Contains("(field); the first is 1-0", StringComparison.Ordinal));
        Assert.Contains(logs.Lines, line => line.Contains("(toolarge); the first is 2-0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_node_read_and_never_acknowledged_is_published_by_the_next_one_before_the_rest()
    {
        await using var redis = await RedisServer.StartAsync();
        await AddAsync(redis, 0, 20);
        await redis.CliAsync("XGROUP", "CREATE", "orders", "broker", "0");
        await redis.CliAsync("XREADGROUP", "GROUP", "broker", "broker", "COUNT", "10", "STREAMS", "orders", ">");

        await using var node = await StartAsync(redis, TestNode.History);

        await using var reading = await Reading.OfAsync(node, Channel, new StreamPosition(await EpochAsync(redis), 0));
        await reading.UntilCountAsync(20);
        Assert.Equal(Numbers(20), reading.Texts);
    }

    /// <summary>A node that is held up between its last look at the lease and its read takes entries that the next holder would never be given.</summary>
    [Fact]
    public async Task Entries_that_a_late_reader_takes_from_the_holder_are_published_all_the_same_and_in_their_place()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var node = await StartAsync(redis, TestNode.History);
        await using var reading = await Reading.OfAsync(node, Channel);
        await AddAsync(redis, 0, 1);
        await reading.UntilCountAsync(1);

        // In one step, so that the node cannot be first.
        await redis.CliAsync(
            "EVAL",
            """
            for i = 1, 5 do redis.call('XADD', 'orders', '*', 'data', i) end
            redis.call('XREADGROUP', 'GROUP', 'broker', 'broker', 'COUNT', 5, 'STREAMS', 'orders', '>')
            for i = 6, 10 do redis.call('XADD', 'orders', '*', 'data', i) end
            """,
            "0");

        await reading.UntilCountAsync(11);
        Assert.Equal(Numbers(11), reading.Texts);
        await UntilAllAcknowledgedAsync(redis);
    }

    [Fact]
    public async Task A_key_of_another_type_or_a_group_that_is_gone_is_waited_for()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.CliAsync("SET", "orders", "no stream");
        var logs = new Logs();
        await using var node = await StartAsync(redis, "", logs);
        await using var reading = await Reading.OfAsync(node, Channel);
        await TestNode.UntilAsync(() => logs.Text.Contains("WRONGTYPE", StringComparison.Ordinal), "it says so");

        await redis.CliAsync("DEL", "orders");
        await AddAsync(redis, 0, 1);
        await reading.UntilCountAsync(1);
        await UntilAllAcknowledgedAsync(redis);
        await redis.CliAsync("DEL", "orders");
        await AddAsync(redis, 1, 1);

        await reading.UntilCountAsync(2);
        Assert.Equal(Numbers(2), reading.Texts);
        Assert.Single(logs.Lines, line => line.Contains("WRONGTYPE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redis_is_waited_for_and_what_comes_after_its_return_is_published()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var node = await StartAsync(redis, "redis.reconnect-within = 100ms");
        await using var reading = await Reading.OfAsync(node, Channel);
        await AddAsync(redis, 0, 3);
        await reading.UntilCountAsync(3);

        redis.Kill();
        await redis.RestartAsync();
        await AddAsync(redis, 3, 3);

        await TestNode.UntilAsync(() => reading.Texts.Distinct().Count() == 6, "all six");
    }

    [Fact]
    public async Task Of_two_nodes_one_publishes_and_the_other_goes_on_at_once_when_it_stops()
    {
        await using var redis = await RedisServer.StartAsync();
        var one = await StartAsync(redis, "cluster.lease = 1m");
        await using var reading = await Reading.OfAsync(one, Channel);
        await AddAsync(redis, 0, 1);
        await reading.UntilCountAsync(1);
        await using var other = await StartAsync(redis, "cluster.lease = 3s");
        await using var second = await Reading.OfAsync(other, Channel);
        await AddAsync(redis, 1, 200);
        await second.UntilCountAsync(200);

        await one.StopAsync();
        await AddAsync(redis, 201, 1);

        // Not after a minute; and nothing twice, since a node that stops acknowledges what it has published.
        await second.UntilCountAsync(201);
        Assert.Equal(Numbers(202)[1..], second.Texts);
    }

    [Theory]
    [InlineData("""streams = [ { stream = "orders", group = "g", channel = "orders", field = "data" } ]""", "'orders' is no channel such as")]
    [InlineData("""streams = [ { stream = "", group = "g", channel = "broadcast:orders", field = "data" } ]""", "it has no name")]
    [InlineData("""streams = [ { stream = "orders", group = "g", channel = "broadcast:orders", field = "data", from = "$" } ]""", "unknown setting")]
    [InlineData("""streams = [ { stream = "s", group = "g", channel = "broadcast:a", field = "d" }, { stream = "s", group = "g", channel = "broadcast:b", field = "d" } ]""", "above already")]
    public void A_wrong_setting_is_told_at_the_start(string streams, string problem)
    {
        var configuration = Configuration.Parse($"broker {{ redis.connection = \"redis://127.0.0.1\", {streams} }}");

        Assert.Contains(problem, Assert.Throws<Hocon.HoconException>(() => BrokerSettings.Read(configuration)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Streams_need_a_redis() => Assert.Contains(
        "the embedded store has no streams",
        Assert.Throws<Hocon.HoconException>(() => BrokerSettings.Read(Configuration.Parse($"broker {{ redis.connection = \"\", {Orders} }}"))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void An_idle_stream_is_looked_at_ten_times_a_second_and_a_busy_one_at_once()
    {
        var pace = new StreamPace();
        double[] idle = [.. Enumerable.Range(0, 7).Select(_ => pace.Idle().TotalMilliseconds)];

        pace.Reset();

        Assert.Equal([5, 10, 20, 40, 80, 100, 100], idle);
        Assert.Equal(5, pace.Idle().TotalMilliseconds);
        for (var i = 0; i < 20; i++) pace.Failing();
        Assert.Equal(1000, pace.Failing().TotalMilliseconds);
    }

    private static Task<BrokerNode> StartAsync(RedisServer redis, string settings, Logs? logs = null) => BrokerNode.StartAsync(
        Configuration.Parse($"broker {{ {TestNode.Short}, redis.connection = \"{redis.ConnectionString}\", {Orders}, cluster.lease = 1s }}\nbroker {{ {settings} }}"),
        new BrokerOptions { LoggerFactory = logs });

    /// <summary>In one go.</summary>
    private static Task AddAsync(RedisServer redis, int first, int count) =>
        redis.PipeAsync(Numbers(first + count)[first..].Select(number => (string[])["XADD", "orders", "*", "service", "shop", "data", number]));

    private static string[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => $"{i}")];

    private static async Task UntilAllAcknowledgedAsync(RedisServer redis) => await TestNode.UntilAsync(
        () => redis.CliAsync("XPENDING", "orders", "broker").Result.StartsWith('0'), "all acknowledged");

    /// <summary>The history's, once it has begun.</summary>
    private static async Task<string> EpochAsync(RedisServer redis)
    {
        var epoch = "";
        await TestNode.UntilAsync(() => (epoch = redis.CliAsync("HGET", "{broadcast:orders}:meta", "epoch").Result).Length > 0, "an epoch");
        return epoch;
    }
}
