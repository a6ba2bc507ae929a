using Broker.Actors.Redis;
using Broker.Actors.Settings;

namespace Broker.Actors.Channels;

/// <summary>
/// A channel as sharding and the path of its actor know it: by its Redis name; but a session's, whose key is a credential and must not stand in a log, by the key's hash.
/// </summary>
internal static class ChannelEntity
{
    private const string Session = "session-";

    /// <summary>Of a session whose keys do not share one slot on Redis Cluster: that depends on the key.</summary>
    private const string ScatteredSession = "session~";

    /// <summary>The same for every name that is the same in Redis.</summary>
    public static string IdOf(ChannelName channel, string prefix)
    {
        var name = channel.ToRedis(prefix);
        if (ChannelName.FromRedis(name, prefix) is not { Kind: ChannelKind.Session } session) return name;

        return (new RedisKeys(name).ShareOneSlot ? Session : ScatteredSession) + ChannelName.HashOf(session.Owner!) + ":" + session.Facility;
    }

    /// <summary>How much history the channel behind an id keeps; null for none.</summary>
    public static HistoryLimits? HistoryOf(string id, BrokerSettings settings, bool onCluster)
    {
        var channel = IsSession(id) ? ChannelName.Session("#", id[(IdLength + 1)..]) : ChannelName.FromRedis(id, settings.Prefix);
        var shareOneSlot = IsSession(id) ? id.StartsWith(Session, StringComparison.Ordinal) : new RedisKeys(id).ShareOneSlot;
        return onCluster && !shareOneSlot ? null : settings.HistoryOf(channel);
    }

    private static int IdLength => Session.Length + 64;

    private static bool IsSession(string id) =>
        id.Length > IdLength && id[IdLength] == ':'
        && (id.StartsWith(Session, StringComparison.Ordinal) || id.StartsWith(ScatteredSession, StringComparison.Ordinal))
        && id.Skip(Session.Length).Take(64).All(char.IsAsciiHexDigitLower);
}
