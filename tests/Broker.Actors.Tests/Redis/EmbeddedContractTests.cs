using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;

namespace Broker.Actors.Tests.Redis;

/// <summary>A clock that a test moves.</summary>
internal sealed class ManualTime : TimeProvider
{
    private TimeSpan _passed;
    private TimeSpan _set;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50) + _passed + _set;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _passed.Ticks;

    public void Elapse(TimeSpan time) => _passed += time;

    /// <summary>Somebody sets the clock: no time passes.</summary>
    public void Set(TimeSpan by) => _set += by;
}

internal sealed class EmbeddedRedis : AnyRedis
{
    private readonly ManualTime _time = new();

    internal override Task<IRedisBus> OpenAsync() => Task.FromResult<IRedisBus>(new InMemoryBus(new InMemoryStore(_time)));

    internal override void Elapse(TimeSpan time) => _time.Elapse(time);
}

public sealed class EmbeddedPublishTests() : PublishContract(new EmbeddedRedis());

public sealed class EmbeddedHistoryTests() : HistoryContract(new EmbeddedRedis());

public sealed class EmbeddedEpochTests() : EpochContract(new EmbeddedRedis());

public sealed class EmbeddedSubscriptionTests() : SubscriptionContract(new EmbeddedRedis());

public sealed class EmbeddedKeyTests() : KeyContract(new EmbeddedRedis());

public sealed class EmbeddedMembersTests() : MembersContract(new EmbeddedRedis());
