using Broker.Actors.Redis.InMemory;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Redis;

/// <summary>Chooses the bus: Redis where a connection is configured, otherwise the embedded store.</summary>
internal static class RedisBuses
{
    public static async Task<IRedisBus> OpenAsync(BrokerSettings settings, ILogger log, TimeProvider time)
    {
        if (settings.RedisConnection.Length == 0) return new InMemoryBus(new InMemoryStore(time));

        return await RedisBus.ConnectAsync(RedisConnectionString.Parse(settings.RedisConnection), settings.Redis, log);
    }
}
