using System.Diagnostics;
using System.Text;
using Broker.Actors.Redis;
using Broker.Actors.Redis.Subscriptions;
using Broker.Testing.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>What happens when Redis dies, hangs, forgets or comes late. Each test has a server of its own.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    private static readonly RedisBusSettings Impatient = new(
        TimeSpan.FromSeconds(1),
        new SubscriptionSettings(1024 * 1024, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(500)));

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly RedisKeys _keys = new("broadcast:foobar");
    private RedisServer _server = null!;

    public async Task InitializeAsync() => _server = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private static OutgoingPublication Message(string payload, int expire = 0) => new(Encoding.UTF8.GetBytes(payload), null, null, expire);

    private async Task<RedisBus> OpenAsync(RedisBusSettings? settings = null) =>
        (RedisBus)await OneRedis.OpenAsync(_server.ConnectionString, settings ?? OneRedis.Settings);

    private async Task<Recorder> SubscribeAsync(RedisBus bus)
    {
        var recorder = new Recorder();
        bus.Subscribe(_keys.Channel, _keys.Mark, recorder);
        await recorder.SubscribedAsync();
        return recorder;
    }

    private async Task<TimeSpan> WorksAgainAsync(RedisBus bus)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await bus.PublishAsync(_keys, [Message("works", 60)]);
                return clock.Elapsed;
            }
            catch (RedisUnavailableException) when (clock.Elapsed < Patience)
            {
                await Task.Delay(20);
            }
        }
    }

    private static async Task<bool> FailsAsync(Func<Task> command)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            await command();
            return false;
        }
        catch (RedisUnavailableException)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"it took {clock.Elapsed} to fail");
            return true;
        }
    }

    private static async Task UntilAsync(Func<bool> fact)
    {
        var clock = Stopwatch.StartNew();
        while (!fact())
        {
            Assert.True(clock.Elapsed < Patience, "it did not come true in time");
            await Task.Delay(10);
        }
    }

    [Fact]
    public async Task A_bus_that_is_open_is_connected_with_both_its_connections()
    {
        // On a busy machine the subscriptions' came later, and a node's first publish was refused as if Redis were away.
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            await using var bus = await OpenAsync();
            Assert.True(bus.IsConnected);
        }));
    }

    [Fact]
    public async Task After_kill_and_restart_everything_works_again_by_itself()
    {
        await using var bus = await OpenAsync();
        var channel = await SubscribeAsync(bus);
        await UntilAsync(() => bus.IsConnected);

        _server.Kill();
        await channel.LostAsync();
        Assert.False(bus.IsConnected);
        await _server.RestartAsync();
        var took = await WorksAgainAsync(bus);
        await channel.SubscribedAsync(2);
        await bus.PublishAsync(_keys, [Message("live")]);
        await channel.PayloadAsync("live");

        await UntilAsync(() => bus.IsConnected);
        Assert.True(took < TimeSpan.FromSeconds(3), $"commands came back after {took}");
        Assert.Equal(["subscribed", "lost", "subscribed"], channel.Log.Where(entry => entry is "subscribed" or "lost"));
    }

    [Fact]
    public async Task Commands_fail_at_once_while_redis_is_known_to_be_down()
    {
        await using var bus = await OpenAsync();
        var channel = await SubscribeAsync(bus);
        _server.Kill();
        await channel.LostAsync();
        await FailsAsync(() => bus.PingAsync());

        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 100; i++) Assert.True(await FailsAsync(() => bus.PublishAsync(_keys, [Message("a", 60)])));
        Assert.True(await FailsAsync(() => bus.PublishAsync(_keys, [Message("a")])));
        Assert.True(await FailsAsync(() => bus.TakeOverAsync(_keys, new TakeOver("e1", null, 100))));
        Assert.True(await FailsAsync(() => bus.ExecuteAsync("GET", ["a"])));

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"100 publishes took {clock.Elapsed} to fail");
    }

    [Fact]
    public async Task Commands_on_their_way_when_redis_dies_fail_and_name_no_host()
    {
        await using var bus = await OpenAsync();
        await bus.PingAsync();
        await _server.PauseAsync();
        var publishes = Enumerable.Range(0, 1000).Select(i => bus.PublishAsync(_keys, [Message($"{i}", 60)])).ToArray();

        _server.Kill();

        foreach (var publish in publishes)
        {
            var failure = await Assert.ThrowsAsync<RedisUnavailableException>(() => publish.WaitAsync(Patience));
            Assert.DoesNotContain("127.0.0.1", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_redis_that_hangs_is_noticed_and_its_return_too()
    {
        await using var bus = await OpenAsync(Impatient);
        var channel = await SubscribeAsync(bus);

        await _server.PauseAsync();
        Assert.True(await FailsAsync(() => bus.PublishAsync(_keys, [Message("a", 60)])));
        await channel.LostAsync();
        await _server.ResumeAsync();
        await channel.SubscribedAsync(2);
        await WorksAgainAsync(bus);

        await UntilAsync(() => bus.IsConnected);
    }

    [Fact]
    public async Task A_silent_but_healthy_connection_is_kept()
    {
        await using var bus = await OpenAsync(Impatient);
        var channel = await SubscribeAsync(bus);

        await UntilAsync(() => bus.Counters.Replies >= 8); // Two confirmations; the rest are PONGs, one each half second.

        Assert.Equal(["subscribed"], channel.Log);
        Assert.Equal(0, bus.Counters.Losses);
    }

    [Fact]
    public async Task A_redis_that_comes_late_is_found()
    {
        _server.Kill();
        await using var bus = await OpenAsync(Impatient);
        var channel = new Recorder();
        bus.Subscribe(_keys.Channel, _keys.Mark, channel);
        Assert.True(await FailsAsync(() => bus.PublishAsync(_keys, [Message("a", 60)])));

        await _server.RestartAsync();
        await channel.SubscribedAsync();
        await WorksAgainAsync(bus);

        await channel.PayloadsAsync(1);
        Assert.DoesNotContain("lost", channel.Log);
    }

    [Fact]
    public async Task Scripts_that_redis_forgot_are_sent_again()
    {
        await using var bus = await OpenAsync();
        var owner = await bus.TakeOverAsync(_keys, new TakeOver("e1", null, 100));
        var order = new Append(owner.Token, "e1", new HistoryLimits(10, TimeSpan.FromMinutes(1)), [Message("a", 60)]);
        await bus.AppendAsync(_keys, order);

        for (var i = 2; i < 5; i++)
        {
            await _server.CliAsync("SCRIPT", "FLUSH");
            Assert.Equal(i, (await bus.AppendAsync(_keys, order)).FirstOffset);
            await bus.PublishAsync(_keys, [Message("b", 60)]);
            Assert.Equal(i, (await bus.ReadHistoryAsync(_keys, 0, 10, 1000)).Position!.Value.Offset);
        }
    }

    [Fact]
    public async Task Ten_thousand_pipelined_publishes_of_somebody_else_arrive_complete_and_in_order()
    {
        await using var bus = await OpenAsync();
        var channel = await SubscribeAsync(bus);

        await _server.PipeAsync(Enumerable.Range(0, 10_000).Select(i => new[] { "PUBLISH", _keys.Channel, $"{i}" }));
        await channel.PayloadsAsync(10_000);

        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"{i}"), channel.Payloads);
        Assert.True(channel.Calls < 2_000, $"{channel.Calls} calls");
    }

    [Fact]
    public async Task A_channel_has_one_subscription_and_a_node_a_handful_of_connections()
    {
        await using var bus = await OpenAsync();
        await SubscribeAsync(bus);
        await bus.PublishAsync(_keys, [Message("a", 60)]);

        Assert.Equal($"{_keys.Channel}\n1", await _server.CliAsync("PUBSUB", "NUMSUB", _keys.Channel));
        var clients = (await _server.CliAsync("CLIENT", "LIST")).Split('\n');
        Assert.Equal(2, clients.Count(client => client.Contains("name=broker-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task After_unsubscribing_redis_has_no_subscription_left()
    {
        await using var bus = await OpenAsync();
        var channel = await SubscribeAsync(bus);

        bus.Unsubscribe(_keys.Channel, channel);

        await UntilAsync(() => _server.CliAsync("PUBSUB", "CHANNELS").GetAwaiter().GetResult().Length == 0);
    }

    [Fact]
    public async Task A_message_over_the_bound_costs_the_connection_and_is_counted()
    {
        await using var bus = await OpenAsync(Impatient);
        var channel = await SubscribeAsync(bus);

        await bus.PublishAsync(_keys, [Message(new string('x', 2 * 1024 * 1024))]);
        await channel.SubscribedAsync(2);
        await bus.PublishAsync(_keys, [Message("small")]);
        await channel.PayloadsAsync(1);

        Assert.Equal(["subscribed", "lost", "subscribed", "small"], channel.Log);
        Assert.Equal((1, 1), (bus.Counters.TooLarge, bus.Counters.Losses));
    }

    [Fact]
    public async Task A_large_message_below_the_bound_arrives_whole()
    {
        await using var bus = await OpenAsync();
        var channel = await SubscribeAsync(bus);
        var payload = new byte[8 * 1024 * 1024];
        Random.Shared.NextBytes(payload);

        await bus.PublishAsync(_keys, [new OutgoingPublication(payload, null, null, 0)]);
        await channel.PayloadsAsync(1);

        Assert.True(payload.AsSpan().SequenceEqual(channel.Arrivals[0].Payload));
    }

    [Fact]
    public async Task A_replica_that_takes_no_writes_is_a_temporary_state()
    {
        await using var bus = await OpenAsync();
        await _server.CliAsync("REPLICAOF", "127.0.0.1", $"{RedisServer.FreePort()}");

        Assert.True(await FailsAsync(() => bus.PublishAsync(_keys, [Message("a", 60)])));
        await _server.CliAsync("REPLICAOF", "NO", "ONE");

        await WorksAgainAsync(bus);
    }

    [Fact]
    public async Task Nothing_is_left_behind_by_a_disposed_bus()
    {
        var bus = await OpenAsync();
        await SubscribeAsync(bus);

        await bus.DisposeAsync();

        await Assert.ThrowsAsync<RedisUnavailableException>(() => bus.PingAsync());
        await UntilAsync(() => !_server.CliAsync("CLIENT", "LIST").GetAwaiter().GetResult().Contains("name=broker-", StringComparison.Ordinal));
    }
}
