using Broker.Actors.Redis;
using Broker.Actors.Redis.Subscriptions;
using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Actors.Tests.Redis;

public sealed class RedisBusSettingsTests
{
    private static RedisBusSettings Read(string broker) => BrokerSettings.Read(Configuration.Parse($"broker {{ {broker} }}")).Redis;

    [Fact]
    public void All_of_it_is_configured()
    {
        var settings = Read("redis { timeout = 1s, connect-timeout = 2s, silent-after = 3s, reconnect-within = 4s, max-reply = 1MiB }");

        Assert.Equal(
            new RedisBusSettings(TimeSpan.FromSeconds(1), new SubscriptionSettings(1024 * 1024, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4))),
            settings);
    }

    [Theory]
    [InlineData("redis.timeout = 0s")]
    [InlineData("redis.silent-after = soon")]
    [InlineData("redis.max-reply = 63KiB")]
    [InlineData("max-message = 65MiB")]
    public void What_cannot_work_is_an_error(string broker) => Assert.Throws<HoconException>(() => Read(broker));
}
