using System.Text;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;

namespace Broker.Actors.Tests.Redis;

/// <summary>What the embedded store adds to the contract: several nodes on one store, and a network that a test can cut.</summary>
public sealed class EmbeddedBusTests
{
    private readonly ManualTime _time = new();
    private readonly InMemoryStore _store;
    private readonly RedisKeys _keys = new("broadcast:foobar");

    public EmbeddedBusTests() => _store = new InMemoryStore(_time);

    private static OutgoingPublication Message(string payload, int expire = 0) => new(Encoding.UTF8.GetBytes(payload), null, null, expire);

    private async Task<Recorder> SubscribeAsync(InMemoryBus bus)
    {
        var recorder = new Recorder();
        bus.Subscribe(_keys.Channel, _keys.Mark, recorder);
        await recorder.SubscribedAsync();
        return recorder;
    }

    [Fact]
    public async Task Two_nodes_share_a_store()
    {
        await using var one = new InMemoryBus(_store);
        await using var two = new InMemoryBus(_store);
        var (first, second) = (await SubscribeAsync(one), await SubscribeAsync(two));

        await one.PublishAsync(_keys, [Message("hello", 60)]);
        await Task.WhenAll(first.PayloadsAsync(1), second.PayloadsAsync(1));

        Assert.Equal("hello"u8.ToArray(), (await two.ReadLastAsync(_keys)).Payload);
    }

    [Fact]
    public async Task A_node_that_is_cut_off_fails_and_misses_and_comes_back()
    {
        await using var one = new InMemoryBus(_store);
        await using var two = new InMemoryBus(_store);
        var channel = await SubscribeAsync(one);

        one.Disconnect();
        await channel.LostAsync();
        await two.PublishAsync(_keys, [Message("missed")]);
        one.Fence(_keys.Channel, 1);
        Assert.False(one.IsConnected);
        await Assert.ThrowsAsync<RedisUnavailableException>(() => one.PublishAsync(_keys, [Message("a")]));
        await Assert.ThrowsAsync<RedisUnavailableException>(() => one.PingAsync());

        one.Reconnect();
        await channel.SubscribedAsync(2);
        await two.PublishAsync(_keys, [Message("heard")]);
        await channel.PayloadsAsync(1);

        Assert.Equal(["subscribed", "lost", "subscribed", "heard"], channel.Log);
    }

    [Fact]
    public async Task Who_subscribes_while_cut_off_is_confirmed_afterwards_and_never_told_of_a_loss()
    {
        await using var bus = new InMemoryBus(_store);
        var channel = new Recorder();
        bus.Disconnect();

        bus.Subscribe(_keys.Channel, null, channel);
        bus.Reconnect();
        await channel.SubscribedAsync();

        Assert.Equal(["subscribed"], channel.Log);
    }

    [Fact]
    public async Task Expired_keys_go_without_being_asked_for_and_repeated_setting_costs_nothing()
    {
        await using var bus = new InMemoryBus(_store);
        for (var i = 0; i < 1000; i++) await bus.SetAsync("often", [1], TimeSpan.FromSeconds(100));
        for (var i = 0; i < 1000; i++) await bus.SetAsync($"key{i}", [1], TimeSpan.FromSeconds(1 + i % 10));
        Assert.Equal((1001, 1001), (_store.Keys.Count, _store.Keys.Deadlines));

        _time.Elapse(TimeSpan.FromSeconds(5));
        await bus.GetAsync("unrelated");
        Assert.Equal((501, 501), (_store.Keys.Count, _store.Keys.Deadlines));

        await bus.SetAsync("often", [1], TimeSpan.FromSeconds(100));
        _time.Elapse(TimeSpan.FromSeconds(96));
        Assert.NotNull(await bus.GetAsync("often"));
        _time.Elapse(TimeSpan.FromSeconds(4));
        Assert.Null(await bus.GetAsync("often"));
        Assert.Equal((0, 0), (_store.Keys.Count, _store.Keys.Deadlines));
    }

    [Fact]
    public async Task An_expiry_that_is_shortened_counts()
    {
        await using var bus = new InMemoryBus(_store);
        await bus.SetAsync("key", [1], TimeSpan.FromSeconds(100));
        await bus.SetAsync("key", [1], TimeSpan.FromSeconds(1));

        _time.Elapse(TimeSpan.FromSeconds(1));

        Assert.Null(await bus.GetAsync("key"));
    }

    [Fact]
    public async Task Publishers_on_many_threads_reach_every_subscriber_in_one_order()
    {
        await using var one = new InMemoryBus(_store);
        await using var two = new InMemoryBus(_store);
        var (first, second) = (await SubscribeAsync(one), await SubscribeAsync(two));

        await Parallel.ForAsync(0, 5000, async (i, _) => await one.PublishAsync(_keys, [Message($"{i}")]));
        await Task.WhenAll(first.PayloadsAsync(5000), second.PayloadsAsync(5000));

        Assert.Equal(first.Payloads, second.Payloads);
        Assert.Equal(5000, first.Payloads.Distinct().Count());
    }
}
