using Broker.Actors.Redis;
using Broker.Testing.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>A Redis whose user may not subscribe every channel (ACL).</summary>
public sealed class RightsTests : IAsyncLifetime
{
    private static readonly RedisKeys Open = new("broadcast:open");
    private static readonly RedisKeys Closed = new("broadcast:closed");

    private RedisServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        await _server.CliAsync("ACL", "SETUSER", "default", "resetchannels", "&*open*");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private static Recorder Subscribe(IRedisBus bus, RedisKeys keys)
    {
        var recorder = new Recorder();
        bus.Subscribe(keys.Channel, keys.Mark, recorder);
        return recorder;
    }

    // The refusal cost the connection, and with it every subscription of the node: again with each attempt.
    [Fact]
    public async Task A_channel_without_rights_is_refused_and_the_others_stay_subscribed()
    {
        await using var bus = (RedisBus)await OneRedis.OpenAsync(_server.ConnectionString);
        var open = Subscribe(bus, Open);
        await open.SubscribedAsync();

        await Subscribe(bus, Closed).RefusedAsync();
        await _server.CliAsync("PUBLISH", Open.Channel, "hello");
        await open.PayloadsAsync(1);

        Assert.Equal(["subscribed", "hello"], open.Log);
        Assert.Equal(0, bus.Counters.Losses);
        Assert.True(bus.IsConnected);
    }

    [Fact]
    public async Task A_new_connection_subscribes_all_but_the_channels_without_rights()
    {
        await using var bus = (RedisBus)await OneRedis.OpenAsync(_server.ConnectionString);
        var (open, closed) = (Subscribe(bus, Open), Subscribe(bus, Closed));
        await Task.WhenAll(open.SubscribedAsync(), closed.RefusedAsync());

        await _server.CliAsync("CLIENT", "KILL", "TYPE", "pubsub");
        await Task.WhenAll(open.SubscribedAsync(2), closed.RefusedAsync(2));
        bus.Fence(Open.Channel, 1);
        await open.PassedAsync(1);

        Assert.Equal(["subscribed", "lost", "subscribed", "passed 1"], open.Log);
        Assert.Equal(["refused", "refused"], closed.Log);
        Assert.True(bus.IsConnected);
    }

    [Fact]
    public async Task Who_subscribes_again_after_the_rights_were_given_is_subscribed()
    {
        await using var bus = await OneRedis.OpenAsync(_server.ConnectionString);
        var closed = Subscribe(bus, Closed);
        await closed.RefusedAsync();

        await _server.CliAsync("ACL", "SETUSER", "default", "allchannels");
        bus.Subscribe(Closed.Channel, Closed.Mark, closed);
        await closed.SubscribedAsync();

        Assert.Equal(["refused", "subscribed"], closed.Log);
    }
}
