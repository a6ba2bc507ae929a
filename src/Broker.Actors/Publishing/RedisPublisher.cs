using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Broker.Hocon;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Publishing;

/// <summary>
/// The same verbs straight on Redis, for processes that run no node: PUBLISH and SETEX, as ws4redis's own publisher does. What it publishes is foreign to the nodes: it carries no
/// publish id, so copies to several audiences stay separate publications.
/// </summary>
public sealed class RedisPublisher : IAsyncDisposable
{
    private readonly IRedisBus _bus;
    private readonly BrokerSettings _settings;
    private readonly RedisTarget _target;
    private readonly LastMessages _lastMessages;

    private RedisPublisher(IRedisBus bus, BrokerSettings settings)
    {
        _bus = bus;
        _settings = settings;
        _target = new RedisTarget(bus, settings.Prefix);
        _lastMessages = new LastMessages(bus, settings.Prefix);
    }

    /// <summary>Connects with the settings of a node: <c>broker.redis.connection</c>, <c>broker.prefix</c>, <c>broker.expire</c>.</summary>
    /// <param name="configuration">From <see cref="Configuration"/>; the defaults and the environment if left out.</param>
    /// <exception cref="ArgumentException">No Redis is configured: the embedded store is a node's own.</exception>
    /// <exception cref="HoconException">A setting is wrong.</exception>
    public static async Task<RedisPublisher> ConnectAsync(HoconObject? configuration = null)
    {
        var settings = BrokerSettings.Read(configuration ?? Configuration.Default());
        if (settings.RedisConnection.Length == 0)
            throw new ArgumentException("broker.redis.connection (BROKER_REDIS) must name a Redis: the embedded store is a node's own", nameof(configuration));

        return new RedisPublisher(await RedisBuses.OpenAsync(settings, NullLogger.Instance, TimeProvider.System), settings);
    }

    /// <summary>Publishes on a facility to these audiences; to everybody if none is named.</summary>
    public Publisher Publisher(string facility, params IReadOnlyList<Audience> audiences) =>
        new(_target, _settings, facility, audiences.Count == 0 ? [Audience.Broadcast] : audiences);

    /// <summary>The last message that is kept for a caller, as on a node.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task<byte[]?> FetchMessageAsync(Caller caller, string facility, FetchFrom from = FetchFrom.Any) => _lastMessages.FetchAsync(caller, facility, from);

    /// <summary>Removes a channel's last message. True if there was one.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task<bool> RemoveMessageAsync(ChannelName channel) => _lastMessages.RemoveAsync(channel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _bus.DisposeAsync();
}
