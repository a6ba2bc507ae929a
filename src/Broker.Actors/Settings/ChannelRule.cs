using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Hocon;

namespace Broker.Actors.Settings;

/// <summary>One of <c>broker.channels</c>: for which channels it is, and what it says of them. What it does not name, a later rule may.</summary>
internal sealed record ChannelRule(ChannelKind? Namespace, Glob? Facility)
{
    private static readonly string[] Keys =
    [
        "namespace", "facility", "history", "recovery", "positioned", "presence", "join-leave", "publish", "subscribe", "anonymous", "read-history", "read-presence",
        "exclude-publisher", "outbox-policy", "expire",
    ];

    public NamedHistory? History { get; private init; }

    public RecoveryMode? Recovery { get; private init; }

    public bool? Positioned { get; private init; }

    public bool? Presence { get; private init; }

    public JoinLeave? JoinLeave { get; private init; }

    public bool? Publish { get; private init; }

    public bool? Subscribe { get; private init; }

    public bool? Anonymous { get; private init; }

    public bool? ReadHistory { get; private init; }

    public bool? ReadPresence { get; private init; }

    public bool? ExcludePublisher { get; private init; }

    public bool? Conflates { get; private init; }

    public int? Expire { get; private init; }

    /// <exception cref="HoconException">A key or value is wrong.</exception>
    public static ChannelRule Read(HoconValue value)
    {
        var rule = value.AsObject();
        rule.OnlyKeys(Keys);
        return new ChannelRule(
            Find(rule, "namespace", ReadNamespace),
            rule.TryGetValue("facility", out var facility) ? new Glob(facility.AsString()) : null)
        {
            History = Find(rule, "history", ReadHistoryLimits),
            Recovery = Find(rule, "recovery", ReadRecovery),
            Positioned = Flag(rule, "positioned"),
            Presence = Flag(rule, "presence"),
            JoinLeave = Find(rule, "join-leave", ReadJoinLeave),
            Publish = Flag(rule, "publish"),
            Subscribe = Flag(rule, "subscribe"),
            Anonymous = Flag(rule, "anonymous"),
            ReadHistory = Flag(rule, "read-history"),
            ReadPresence = Flag(rule, "read-presence"),
            ExcludePublisher = Flag(rule, "exclude-publisher"),
            Conflates = Find(rule, "outbox-policy", OutboxRule.ReadPolicy),
            Expire = Find(rule, "expire", BrokerSettings.Seconds),
        };
    }

    public bool Fits(ChannelName channel) => (Namespace is null || Namespace == channel.Kind) && Facility?.Fits(channel.Facility) != false;

    private static T? Find<T>(HoconObject rule, string key, Func<HoconValue, T> read) where T : struct => rule.TryGetValue(key, out var value) ? read(value) : null;

    private static bool? Flag(HoconObject rule, string key) => Find(rule, key, value => value.AsBoolean());

    private static ChannelKind ReadNamespace(HoconValue value) => value.OneOf("broadcast", "user", "group", "session") switch
    {
        "broadcast" => ChannelKind.Broadcast,
        "user" => ChannelKind.User,
        "group" => ChannelKind.Group,
        _ => ChannelKind.Session,
    };

    private static NamedHistory ReadHistoryLimits(HoconValue value)
    {
        if (value is HoconObject limits) return new NamedHistory(HistoryRule.ReadLimits(limits));

        value.OneOf("off");
        return new NamedHistory(null);
    }

    private static RecoveryMode ReadRecovery(HoconValue value) =>
        value.OneOf("off", "on", "cache") switch { "off" => RecoveryMode.Off, "on" => RecoveryMode.On, _ => RecoveryMode.Cache };

    private static JoinLeave ReadJoinLeave(HoconValue value) =>
        value.OneOf("off", "on", "always") switch { "off" => Settings.JoinLeave.Nobody, "on" => Settings.JoinLeave.WhoAsks, _ => Settings.JoinLeave.Everybody };
}

/// <param name="Limits">Null: the rule says that there is none.</param>
internal readonly record struct NamedHistory(HistoryLimits? Limits);
