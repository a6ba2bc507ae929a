using Broker.Actors.Redis;
using Broker.Testing.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Redis;

/// <summary>One real redis-server for all contract tests.</summary>
public sealed class OneRedis : IAsyncLifetime
{
    public RedisServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();

    internal static async Task<IRedisBus> OpenAsync(string connection, RedisBusSettings? settings = null) =>
        await RedisBus.ConnectAsync(RedisConnectionString.Parse(connection), settings ?? RedisBusSettings.Default, NullLogger.Instance);
}

[CollectionDefinition(Name)]
public sealed class OneRedisCollection : ICollectionFixture<OneRedis>
{
    public const string Name = "one redis";
}

[Collection(OneRedisCollection.Name)]
public sealed class RedisPublishTests(OneRedis redis) : PublishContract
{
    private protected override Task<IRedisBus> OpenAsync() => OneRedis.OpenAsync(redis.Server.ConnectionString);
}

[Collection(OneRedisCollection.Name)]
public sealed class RedisHistoryTests(OneRedis redis) : HistoryContract
{
    private protected override Task<IRedisBus> OpenAsync() => OneRedis.OpenAsync(redis.Server.ConnectionString);
}

[Collection(OneRedisCollection.Name)]
public sealed class RedisEpochTests(OneRedis redis) : EpochContract
{
    private protected override Task<IRedisBus> OpenAsync() => OneRedis.OpenAsync(redis.Server.ConnectionString);
}

[Collection(OneRedisCollection.Name)]
public sealed class RedisSubscriptionTests(OneRedis redis) : SubscriptionContract
{
    private protected override Task<IRedisBus> OpenAsync() => OneRedis.OpenAsync(redis.Server.ConnectionString);
}

[Collection(OneRedisCollection.Name)]
public sealed class RedisKeyTests(OneRedis redis) : KeyContract
{
    private protected override Task<IRedisBus> OpenAsync() => OneRedis.OpenAsync(redis.Server.ConnectionString);
}
