using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Broker.Testing.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Redis;

/// <summary>One real redis-server for all contract tests.</summary>
public sealed class OneRedis : AnyRedis, IAsyncLifetime
{
    public RedisServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();

    /// <summary>The defaults, with patience for a busy machine.</summary>
    internal static RedisBusSettings Settings { get; } = BrokerSettings.Read(Configuration.Parse("broker.redis.timeout = 4s")).Redis;

    internal override Task<IRedisBus> OpenAsync() => OpenAsync(Server.ConnectionString);

    internal static async Task<IRedisBus> OpenAsync(string connection, RedisBusSettings? settings = null) =>
        await RedisBus.ConnectAsync(RedisConnectionString.Parse(connection), settings ?? Settings, NullLogger.Instance);
}

[CollectionDefinition(Name)]
public sealed class OneRedisCollection : ICollectionFixture<OneRedis>
{
    public const string Name = "one redis";
}

[Collection(OneRedisCollection.Name)]
public sealed class RedisPublishTests(OneRedis redis) : PublishContract(redis);

[Collection(OneRedisCollection.Name)]
public sealed class RedisHistoryTests(OneRedis redis) : HistoryContract(redis);

[Collection(OneRedisCollection.Name)]
public sealed class RedisEpochTests(OneRedis redis) : EpochContract(redis);

[Collection(OneRedisCollection.Name)]
public sealed class RedisSubscriptionTests(OneRedis redis) : SubscriptionContract(redis);

[Collection(OneRedisCollection.Name)]
public sealed class RedisKeyTests(OneRedis redis) : KeyContract(redis);

[Collection(OneRedisCollection.Name)]
public sealed class RedisMembersTests(OneRedis redis) : MembersContract(redis);
