using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;

namespace Broker.Actors.Tests.Redis;

/// <summary>A clock that a test moves.</summary>
internal sealed class ManualTime : TimeProvider
{
    private TimeSpan _passed;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50) + _passed;

    public void Elapse(TimeSpan time) => _passed += time;
}

public sealed class EmbeddedPublishTests : PublishContract
{
    private readonly ManualTime _time = new();

    private protected override Task<IRedisBus> OpenAsync() => Task.FromResult<IRedisBus>(new InMemoryBus(new InMemoryStore(_time)));

    private protected override void Elapse(TimeSpan time) => _time.Elapse(time);
}

public sealed class EmbeddedHistoryTests : HistoryContract
{
    private readonly ManualTime _time = new();

    private protected override Task<IRedisBus> OpenAsync() => Task.FromResult<IRedisBus>(new InMemoryBus(new InMemoryStore(_time)));

    private protected override void Elapse(TimeSpan time) => _time.Elapse(time);
}

public sealed class EmbeddedEpochTests : EpochContract
{
    private readonly ManualTime _time = new();

    private protected override Task<IRedisBus> OpenAsync() => Task.FromResult<IRedisBus>(new InMemoryBus(new InMemoryStore(_time)));

    private protected override void Elapse(TimeSpan time) => _time.Elapse(time);
}

public sealed class EmbeddedSubscriptionTests : SubscriptionContract
{
    private protected override Task<IRedisBus> OpenAsync() => Task.FromResult<IRedisBus>(new InMemoryBus());
}

public sealed class EmbeddedKeyTests : KeyContract
{
    private readonly ManualTime _time = new();

    private protected override Task<IRedisBus> OpenAsync() => Task.FromResult<IRedisBus>(new InMemoryBus(new InMemoryStore(_time)));

    private protected override void Elapse(TimeSpan time) => _time.Elapse(time);
}
