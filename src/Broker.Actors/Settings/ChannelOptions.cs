using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Settings;

/// <summary>How clients of a channel may go on from where they were.</summary>
internal enum RecoveryMode
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>By all that they missed.</summary>
    On,

    /// <summary>By the newest publication: only that one counts.</summary>
    Cache,
}

/// <summary>Who is told that others come and go.</summary>
internal enum JoinLeave
{
    Nobody,

    /// <summary>Those who ask for it when they subscribe.</summary>
    WhoAsks,

    Everybody,
}

/// <summary>What holds on one channel: what <c>broker.channels</c> says of it, and for the rest the broker's own settings.</summary>
/// <param name="History">What it keeps; null for nothing.</param>
/// <param name="Recovery">Off where there is no history.</param>
/// <param name="Positioned">Subscriptions notice a missing publication while they are live. Wherever they recover, they do anyway.</param>
/// <param name="Presence">Who is there is known.</param>
/// <param name="Publish">Clients may publish, if their rights say so, too.</param>
/// <param name="Subscribe">Clients may subscribe, if their rights say so, too.</param>
/// <param name="Anonymous">So may those whom nobody knows.</param>
/// <param name="ExcludePublisher">A client is not given its own publications.</param>
/// <param name="Conflates">See <see cref="BrokerSettings.Conflates"/>.</param>
/// <param name="Expire">Seconds that what clients publish stays the last message.</param>
internal sealed record ChannelOptions(
    HistoryLimits? History,
    RecoveryMode Recovery,
    bool Positioned,
    bool Presence,
    JoinLeave JoinLeave,
    bool Publish,
    bool Subscribe,
    bool Anonymous,
    bool ReadHistory,
    bool ReadPresence,
    bool ExcludePublisher,
    bool Conflates,
    int Expire)
{
    /// <summary>False for those without a name where a rule lets none of them in; for the others their rights decide.</summary>
    public bool Welcomes(Caller caller) => Anonymous || caller.IsAuthenticated;

    /// <summary>Each option is the first rule's that fits the channel and names it.</summary>
    public static ChannelOptions Of(ChannelName channel, IReadOnlyList<ChannelRule> rules, ChannelDefaults defaults)
    {
        var fitting = rules.Where(rule => rule.Fits(channel)).ToArray();
        var history = First(fitting, rule => rule.History) is { } named ? named.Limits : defaults.History;
        var presence = First(fitting, rule => rule.Presence) ?? defaults.Presence;
        return new ChannelOptions(
            history,
            history is null ? RecoveryMode.Off : First(fitting, rule => rule.Recovery) ?? RecoveryMode.On,
            history is not null && (First(fitting, rule => rule.Positioned) ?? false),
            presence,
            presence ? First(fitting, rule => rule.JoinLeave) ?? JoinLeave.WhoAsks : JoinLeave.Nobody,
            First(fitting, rule => rule.Publish) ?? true,
            First(fitting, rule => rule.Subscribe) ?? true,
            First(fitting, rule => rule.Anonymous) ?? true,
            First(fitting, rule => rule.ReadHistory) ?? true,
            First(fitting, rule => rule.ReadPresence) ?? true,
            First(fitting, rule => rule.ExcludePublisher) ?? false,
            First(fitting, rule => rule.Conflates) ?? defaults.Conflates,
            First(fitting, rule => rule.Expire) ?? defaults.Expire);
    }

    private static T? First<T>(ChannelRule[] rules, Func<ChannelRule, T?> option) where T : struct
    {
        foreach (var rule in rules) if (option(rule) is { } value) return value;
        return null;
    }
}

/// <summary>What holds of a channel that no rule speaks of.</summary>
internal readonly record struct ChannelDefaults(HistoryLimits? History, bool Presence, bool Conflates, int Expire);
