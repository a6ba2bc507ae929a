using System.Globalization;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Redis;
using Broker.Actors.Streams;
using Broker.Hocon;

namespace Broker.Actors.Settings;

/// <summary>
/// The broker's settings, read once. What each means, with its default and reason, stands in <c>hocon/reference.conf</c>.
/// </summary>
public sealed record BrokerSettings
{
    /// <summary>Where Redis is; empty for the embedded store.</summary>
    public required string RedisConnection { get; init; }

    /// <summary>What stands before every name in Redis, without the colon.</summary>
    public required string Prefix { get; init; }

    /// <summary>Seconds that a message stays the channel's last one; 0 or less: it is not kept.</summary>
    public required int Expire { get; init; }

    /// <summary>How long a refused publish of a ws4redis client is tried again.</summary>
    public required TimeSpan PublishTimeout { get; init; }

    /// <summary>Repeats and own publications are kept from connections without echo.</summary>
    public required bool SuppressEcho { get; init; }

    /// <summary>Bytes.</summary>
    public required int MaxMessage { get; init; }

    /// <summary>Bytes that may wait for one client.</summary>
    public required int OutboxLimit { get; init; }

    /// <summary>What an application's callback may take.</summary>
    public required TimeSpan CallbackTimeout { get; init; }

    internal IReadOnlyList<OutboxRule> OutboxPolicy { get; private init; } = null!;

    internal IReadOnlyList<HistoryRule> History { get; private init; } = null!;

    internal IReadOnlyList<ChannelRule> Channels { get; private init; } = null!;

    /// <summary>Channels of which no rule says anything else know who is there.</summary>
    internal bool Presence { get; private init; }

    internal RedisBusSettings Redis { get; private init; } = null!;

    internal DrainPace Drain { get; private init; } = null!;

    internal InflowLimits Inflow { get; private init; } = null!;

    internal ChannelTimes Channel { get; private init; } = null!;

    internal RelayLimits Relay { get; private init; } = null!;

    internal RecoveryLimits Recovery { get; private init; } = null!;

    internal ClusterSettings Cluster { get; private init; } = null!;

    internal Rich.RichSettings Rich { get; private init; } = null!;

    internal IReadOnlyList<StreamRule> Streams { get; private init; } = null!;

    /// <summary>How long a start waits for the node to be a member: for one whose lease must run out first, and two calls of Redis.</summary>
    internal TimeSpan JoinPatience => (2 * Cluster.Lease) + (2 * Redis.Timeout);

    /// <summary>Reads the resolved configuration.</summary>
    /// <param name="root">From <see cref="Configuration"/>.</param>
    /// <param name="isDevelopment">Decides where a setting says so.</param>
    /// <exception cref="HoconException">A value is missing or wrong; the message names the place and what is allowed.</exception>
    public static BrokerSettings Read(HoconObject root, bool isDevelopment = false)
    {
        var broker = root.GetObject("broker");
        return new BrokerSettings
        {
            RedisConnection = Connection(broker.Get("redis.connection")),
            Prefix = broker.Get("prefix").AsString(),
            Expire = Seconds(broker.Get("expire")),
            PublishTimeout = broker.Get("publish-timeout").Delay(),
            SuppressEcho = broker.Get("echo-suppression").OneOf("content", "off") == "content",
            MaxMessage = broker.Get("max-message").SizeAtLeast(1),
            OutboxLimit = broker.Get("outbox").SizeAtLeast(1024),
            CallbackTimeout = broker.Get("callback-timeout").Period(),
            OutboxPolicy = [.. broker.GetObject("outbox-policy").Select(OutboxRule.Read)],
            History = [.. broker.GetObject("history").Select(HistoryRule.Read)],
            Channels = [.. broker.Get("channels").AsList().Select(ChannelRule.Read)],
            Presence = broker.Get("presence").OneOf("development", "on", "off") switch { "on" => true, "off" => false, _ => isDevelopment },
            Redis = RedisBusSettings.Read(broker.GetObject("redis"), broker.Get("max-message").SizeAtLeast(1)),
            Drain = new DrainPace(broker.Get("shutdown.clients").IntAtLeast(1), broker.Get("shutdown.interval").Period(), ClusterSettings.DrainOf(broker)),
            Inflow = new InflowLimits(broker.Get("inflow.messages").IntAtLeast(1), broker.Get("inflow.bytes").SizeAtLeast(1)),
            Channel = new ChannelTimes(
                broker.Get("channel.passivate-after").Delay(),
                broker.Get("channel.tell-position-after").Delay(),
                broker.Get("channel.tell-position-every").Period(),
                broker.Get("channel.subscribe-again-after").Period(),
                new WaitingLimits(broker.Get("channel.max-waiting").IntAtLeast(1), broker.Get("channel.max-waiting-bytes").AsSize()),
                broker.Get("channel.await-members").Period(),
                broker.Get("channel.keep-members").Period()),
            Relay = new RelayLimits(
                broker.Get("relay.max-pending").IntAtLeast(1),
                broker.Get("relay.max-pending-bytes").AsSize(),
                broker.Get("relay.stop-after").Delay(),
                broker.Get("relay.check-every").Period(),
                broker.Get("relay.silent-after").Period()),
            Recovery = new RecoveryLimits(broker.Get("recovery.publications").IntAtLeast(1), broker.Get("recovery.bytes").SizeAtLeast(1024)),
            Cluster = ClusterSettings.Read(broker),
            Rich = Actors.Rich.RichSettings.Read(broker),
            Streams = StreamRule.ReadAll(broker),
        };
    }

    /// <summary>What holds on a channel. Of a raw channel nothing is known.</summary>
    internal ChannelOptions OptionsOf(ChannelName channel)
    {
        var isRaw = channel.Kind == ChannelKind.Raw;
        var history = isRaw ? null : History.FirstOrDefault(rule => rule.Facility.Fits(channel.Facility))?.Limits;
        var conflates = !isRaw && OutboxPolicy.FirstOrDefault(rule => rule.Facility.Fits(channel.Facility)) is { Conflates: true };
        return ChannelOptions.Of(channel, isRaw ? [] : Channels, new ChannelDefaults(history, Presence && !isRaw, conflates, Expire));
    }

    /// <summary>How much history a channel keeps; null for none.</summary>
    internal HistoryLimits? HistoryOf(ChannelName channel) => OptionsOf(channel).History;

    /// <summary>
    /// When too much waits for a client of the channel, older publications give way to newer ones; of a subscription that must not have a gap, all that wait.
    /// </summary>
    internal bool Conflates(ChannelName channel) => OptionsOf(channel).Conflates;

    /// <summary>No channel conflates.</summary>
    internal bool NeverConflates => OutboxPolicy.Count == 0 && Channels.All(rule => rule.Conflates is null);

    /// <summary>Seconds that what a client publishes stays the channel's last message.</summary>
    internal int ExpireOf(ChannelName channel) => Channels.Count == 0 ? Expire : OptionsOf(channel).Expire;

    private static string Connection(HoconValue value)
    {
        var text = value.AsString();
        try
        {
            if (text.Length > 0) RedisConnectionString.Parse(text);
            return text;
        }
        catch (FormatException wrong)
        {
            throw HoconChecks.Wrong(value, wrong.Message);
        }
    }

    /// <summary>A bare number is seconds, as in ws4redis.</summary>
    internal static int Seconds(HoconValue value) => value is HoconScalar scalar && int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
        ? seconds
        : (int)Math.Min(int.MaxValue, Math.Ceiling(value.AsDuration().TotalSeconds));
}

internal sealed record HistoryRule(Glob Facility, HistoryLimits Limits)
{
    public static HistoryRule Read(KeyValuePair<string, HoconValue> rule)
    {
        return new HistoryRule(new Glob(rule.Key), ReadLimits(rule.Value.AsObject()));
    }

    public static HistoryLimits ReadLimits(HoconObject limits)
    {
        limits.OnlyKeys("size", "ttl");
        return new HistoryLimits(limits.Get("size").IntAtLeast(1), limits.Get("ttl").Period());
    }
}

internal sealed record InflowLimits(int Messages, int Bytes);

internal sealed record ChannelTimes(TimeSpan PassivateAfter, TimeSpan TellPositionAfter, TimeSpan TellPositionEvery, TimeSpan SubscribeAgainAfter, WaitingLimits Waiting, TimeSpan AwaitMembers, TimeSpan KeepMembers);

/// <summary>What others have published and the channel's history has not taken yet.</summary>
internal sealed record WaitingLimits(int Count, long Bytes);

internal sealed record RelayLimits(int MaxPending, long MaxPendingBytes, TimeSpan StopAfter, TimeSpan CheckEvery, TimeSpan SilentAfter);

internal sealed record RecoveryLimits(int Publications, long Bytes);
