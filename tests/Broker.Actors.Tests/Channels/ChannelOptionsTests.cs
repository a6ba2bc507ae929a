using Broker.Actors.Channels;
using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Actors.Tests.Channels;

public sealed class ChannelOptionsTests
{
    private static readonly ChannelName Chat = ChannelName.User("john", "chat-1");

    [Fact]
    public void Without_a_rule_the_brokers_own_settings_hold()
    {
        var options = Of(Chat, "history { \"chat-*\" { size = 7, ttl = 1m } }, outbox-policy { \"*\" = conflate }, expire = 9, presence = on");

        Assert.Equal(7, options.History?.Size);
        Assert.Equal(RecoveryMode.On, options.Recovery);
        Assert.True(options.Conflates);
        Assert.Equal(9, options.Expire);
        Assert.True(options.Presence);
        Assert.Equal(JoinLeave.WhoAsks, options.JoinLeave);
        Assert.True(options is { Publish: true, Subscribe: true, Anonymous: true, ReadHistory: true, ReadPresence: true, ExcludePublisher: false, Positioned: false });
    }

    [Fact]
    public void Each_option_is_the_first_rules_that_fits_and_names_it()
    {
        const string rules = """
            channels = [
              { namespace = group, publish = off, expire = 1 }
              { namespace = user, facility = "chat-*", exclude-publisher = on }
              { facility = "chat-?", exclude-publisher = off, history { size = 3, ttl = 1m }, publish = off }
              { history = off, subscribe = off, publish = on }
            ]
            """;

        var options = Of(Chat, rules);

        Assert.True(options.ExcludePublisher);
        Assert.Equal(3, options.History?.Size);
        Assert.False(options.Publish);
        Assert.False(options.Subscribe);
        Assert.Equal(3600, options.Expire);
    }

    [Fact]
    public void A_rule_takes_history_from_a_channel_that_the_broker_gives_one()
    {
        var options = Of(Chat, "history { \"*\" { size = 7, ttl = 1m } }, channels = [ { namespace = user, history = off, recovery = cache, positioned = on } ]");

        Assert.Null(options.History);
        Assert.Equal(RecoveryMode.Off, options.Recovery);
        Assert.False(options.Positioned);
    }

    [Theory]
    [InlineData("development", true, true)]
    [InlineData("development", false, false)]
    [InlineData("on", false, true)]
    [InlineData("off", true, false)]
    public void Presence_is_known_in_development_or_as_it_is_set(string presence, bool isDevelopment, bool isKnown)
    {
        var settings = BrokerSettings.Read(Configuration.Parse($"broker.presence = {presence}"), isDevelopment);

        Assert.Equal(isKnown, settings.OptionsOf(Chat).Presence);
        Assert.Equal(isKnown ? JoinLeave.WhoAsks : JoinLeave.Nobody, settings.OptionsOf(Chat).JoinLeave);
    }

    [Fact]
    public void Of_a_raw_channel_no_rule_speaks()
    {
        var options = Of(ChannelName.Raw("chat-1"), "presence = on, channels = [ { history { size = 1, ttl = 1m }, outbox-policy = conflate } ]");

        Assert.Null(options.History);
        Assert.False(options.Presence);
        Assert.False(options.Conflates);
    }

    [Theory]
    [InlineData("{ namespace = raw }")]
    [InlineData("{ history = on }")]
    [InlineData("{ history { size = 0, ttl = 1s } }")]
    [InlineData("{ recovery = maybe }")]
    [InlineData("{ join-leave = sometimes }")]
    [InlineData("{ outbox-policy = drop }")]
    [InlineData("{ colour = red }")]
    public void A_wrong_rule_is_named(string rule) =>
        Assert.Contains("broker.channels[0]", Assert.Throws<HoconException>(() => Of(Chat, $"channels = [ {rule} ]")).Message);

    private static ChannelOptions Of(ChannelName channel, string settings) => BrokerSettings.Read(Configuration.Parse($"broker {{ {settings} }}")).OptionsOf(channel);
}
