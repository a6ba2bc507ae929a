using Broker.Actors.Redis;
using Broker.Testing.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>One real Redis Cluster of three nodes for all contract tests.</summary>
public sealed class OneCluster : AnyRedis, IAsyncLifetime
{
    public RedisCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await RedisCluster.StartAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();

    internal override Task<IRedisBus> OpenAsync() => OneRedis.OpenAsync(Cluster.ConnectionString);
}

[CollectionDefinition(Name)]
public sealed class OneClusterCollection : ICollectionFixture<OneCluster>
{
    public const string Name = "one cluster";
}

[Collection(OneClusterCollection.Name)]
public sealed class ClusterPublishTests(OneCluster redis) : PublishContract(redis)
{
    [Theory]
    [InlineData("broadcast:a}")]
    [InlineData("broadcast:{}a{b}")]
    public async Task A_name_whose_companions_lie_elsewhere_keeps_its_last_message_without_publish_id(string name)
    {
        var keys = new RedisKeys(name);
        Assert.False(keys.ShareOneSlot);
        var channel = await SubscribeAsync(keys, withMarks: false);

        await Bus.PublishAsync(keys, [Own("hello", id: "p1", expire: 60, shared: true)]);
        await channel.PayloadsAsync(1);

        Assert.Equal(Bytes("hello"), (await Bus.ReadLastAsync(keys)).Payload);
        Assert.True(await Bus.RemoveLastAsync(keys));
    }
}

[Collection(OneClusterCollection.Name)]
public sealed class ClusterHistoryTests(OneCluster redis) : HistoryContract(redis)
{
    [Theory]
    [InlineData("broadcast:plain")]
    [InlineData("broadcast:{tag}:a")]
    [InlineData("{all}")]
    [InlineData("broadcast:{a")]
    public async Task History_works_for_names_with_and_without_a_hash_tag(string name)
    {
        var keys = new RedisKeys(name);
        var channel = await SubscribeAsync(keys);

        var owner = await Bus.TakeOverAsync(keys, new TakeOver("e1", null, 100));
        var limits = new HistoryLimits(10, TimeSpan.FromMinutes(1));
        var appended = await Bus.AppendAsync(keys, new Append(owner.Token, "e1", limits, [Own("hello", "p1", expire: 60, shared: true)]));
        await channel.PayloadsAsync(1);

        Assert.Equal(new Appended(AppendOutcome.Appended, 1), appended);
        Assert.Equal("p1", (await Bus.ReadLastAsync(keys)).PublishId);
        Assert.Single((await Bus.ReadHistoryAsync(keys, 0, 10, 1000)).Publications);
    }

    [Fact]
    public async Task History_is_refused_for_names_whose_companions_lie_elsewhere()
    {
        await Assert.ThrowsAsync<RedisRefusedException>(() => Bus.TakeOverAsync(new RedisKeys("broadcast:a}"), new TakeOver("e1", null, 100)));
    }
}

[Collection(OneClusterCollection.Name)]
public sealed class ClusterEpochTests(OneCluster redis) : EpochContract(redis);

[Collection(OneClusterCollection.Name)]
public sealed class ClusterSubscriptionTests(OneCluster redis) : SubscriptionContract(redis)
{
    private readonly RedisCluster _cluster = redis.Cluster;

    [Fact]
    public async Task It_knows_that_it_is_a_cluster()
    {
        Assert.True(Bus.IsCluster);
        await UntilAsync(() => Task.FromResult(Bus.IsConnected));
    }

    [Fact]
    public async Task What_is_published_on_any_node_arrives()
    {
        var channel = await SubscribeAsync();

        foreach (var node in _cluster.Nodes) await node.CliAsync("PUBLISH", Keys.Channel, "hello");

        await channel.PayloadsAsync(3);
    }

    [Fact]
    public async Task Any_node_of_the_list_will_do()
    {
        var port = RedisServer.FreePort();
        await using var bus = await OneRedis.OpenAsync($"127.0.0.1:{port},{_cluster.ConnectionString}");

        var recorder = new Recorder();
        bus.Subscribe(Keys.Channel, Keys.Mark, recorder);
        await recorder.SubscribedAsync();
        await UntilAsync(() => Task.FromResult(bus.IsCluster));
        await UntilAsync(() => PublishesAsync(bus));

        await recorder.PayloadsAsync(1);
    }

    private async Task<bool> PublishesAsync(IRedisBus bus)
    {
        try
        {
            await bus.PublishAsync(Keys, [Own("hello", expire: 60)]);
            return true;
        }
        catch (RedisUnavailableException)
        {
            return false; // It is still finding out which node has which slots.
        }
    }
}

[Collection(OneClusterCollection.Name)]
public sealed class ClusterKeyTests(OneCluster redis) : KeyContract(redis);

[Collection(OneClusterCollection.Name)]
public sealed class ClusterMembersTests(OneCluster redis) : MembersContract(redis);
