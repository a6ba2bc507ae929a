using StackExchange.Redis;

namespace Broker.Bench.Peers;

/// <summary>
/// What the other servers do with Redis, as an application would: one StackExchange.Redis connection, one subscription for each facility that somebody wants.
/// </summary>
/// <param name="redis">Connected before there are clients.</param>
/// <param name="create">Makes what a facility has for its subscribers.</param>
internal sealed class PeerTopics<T>(ConnectionMultiplexer redis, Func<string, T> create) : IDisposable where T : class
{
    private readonly Dictionary<string, (T Topic, int Subscribers)> _topics = [];
    private readonly SemaphoreSlim _one = new(1);

    public async Task<T> JoinAsync(string facility, Action<T, byte[]> deliver)
    {
        await _one.WaitAsync();
        try
        {
            var (topic, subscribers) = _topics.GetValueOrDefault(facility);
            if (topic is null)
            {
                var made = topic = create(facility);
                await redis.GetSubscriber().SubscribeAsync(Channel(facility), (_, value) => deliver(made, value!));
            }

            _topics[facility] = (topic, subscribers + 1);
            return topic;
        }
        finally
        {
            _one.Release();
        }
    }

    public async Task LeaveAsync(string facility)
    {
        await _one.WaitAsync();
        try
        {
            var (topic, subscribers) = _topics[facility];
            _topics[facility] = (topic, subscribers - 1);
            if (subscribers > 1) return;

            _topics.Remove(facility);
            await redis.GetSubscriber().UnsubscribeAsync(Channel(facility));
        }
        finally
        {
            _one.Release();
        }
    }

    public void Publish(string facility, byte[] payload) => redis.GetSubscriber().Publish(Channel(facility), payload, CommandFlags.FireAndForget);

    public void Dispose()
    {
        redis.Dispose();
        _one.Dispose();
    }

    private static RedisChannel Channel(string facility) => new($"broadcast:{facility}", RedisChannel.PatternMode.Literal);
}
