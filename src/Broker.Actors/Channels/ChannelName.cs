using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Broker.Actors.Channels;

/// <summary>Which kind of audience a channel has.</summary>
public enum ChannelKind
{
    /// <summary>Everybody: <c>broadcast:FACILITY</c>.</summary>
    Broadcast,

    /// <summary>One user's clients: <c>user:NAME:FACILITY</c>.</summary>
    User,

    /// <summary>The members of a group: <c>group:NAME:FACILITY</c>.</summary>
    Group,

    /// <summary>The holders of one session key: <c>session:KEY:FACILITY</c>. The name is a credential: logs know it by its hash.</summary>
    Session,

    /// <summary>Any other Redis channel, reached through a raw route; has no facility and takes no prefix.</summary>
    Raw,
}

/// <summary>
/// The name of a channel, without the deployment's prefix. The only speller and the only reader of channel names.
/// </summary>
/// <remarks>
/// Nothing is escaped, as in ws4redis: a user, group or session name with a colon would name somebody else's channel, so such names are refused
/// (<see cref="IsAllowedOwner"/>).
/// </remarks>
public sealed record ChannelName
{
    private ChannelName(ChannelKind kind, string? owner, string facility)
    {
        Kind = kind;
        Owner = owner;
        Facility = facility;
    }

    /// <summary>Which kind of audience.</summary>
    public ChannelKind Kind { get; }

    /// <summary>The user, group or session; null for broadcast and raw channels.</summary>
    public string? Owner { get; }

    /// <summary>What an application calls a topic. May be empty and may hold any character. A raw channel's whole name stands here.</summary>
    public string Facility { get; }

    /// <summary>Everybody who subscribes to the facility.</summary>
    public static ChannelName Broadcast(string facility) => new(ChannelKind.Broadcast, null, facility);

    /// <summary>The clients of one user.</summary>
    /// <exception cref="ArgumentException">The name is empty or holds a colon.</exception>
    public static ChannelName User(string user, string facility) => Owned(ChannelKind.User, user, facility);

    /// <summary>The clients of a group's members.</summary>
    /// <exception cref="ArgumentException">The name is empty or holds a colon.</exception>
    public static ChannelName Group(string group, string facility) => Owned(ChannelKind.Group, group, facility);

    /// <summary>The clients that hold one session key.</summary>
    /// <exception cref="ArgumentException">The key is empty or holds a colon.</exception>
    public static ChannelName Session(string sessionKey, string facility) => Owned(ChannelKind.Session, sessionKey, facility);

    /// <summary>A Redis channel by its exact name.</summary>
    public static ChannelName Raw(string name) => new(ChannelKind.Raw, null, name);

    /// <summary>True for a user, group or session name that names only itself.</summary>
    public static bool IsAllowedOwner(string? name) => !string.IsNullOrEmpty(name) && !name.Contains(':', StringComparison.Ordinal);

    /// <summary>Reads a name without prefix. What has no audience's form is a raw channel.</summary>
    public static ChannelName Parse(string name)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return Raw(name);

        var rest = name[(colon + 1)..];
        return name[..colon] switch
        {
            "broadcast" => Broadcast(rest),
            "user" => ParseOwned(ChannelKind.User, rest) ?? Raw(name),
            "group" => ParseOwned(ChannelKind.Group, rest) ?? Raw(name),
            "session" => ParseOwned(ChannelKind.Session, rest) ?? Raw(name),
            _ => Raw(name),
        };
    }

    /// <summary>The name in Redis: of the channel and of the key of its last message.</summary>
    /// <param name="prefix">The deployment's prefix, or an empty string.</param>
    public string ToRedis(string prefix) => prefix.Length == 0 || Kind == ChannelKind.Raw ? Spell() : $"{prefix}:{Spell()}";

    /// <summary>The name as rich clients say it: without prefix. It may hold a session's key, which its own clients know.</summary>
    internal string ToClients() => Spell();

    /// <summary>The channel behind a Redis name. Names that do not begin with the prefix are raw channels.</summary>
    public static ChannelName FromRedis(string redisName, string prefix)
    {
        if (prefix.Length == 0) return Parse(redisName);

        return redisName.StartsWith(prefix + ":", StringComparison.Ordinal) ? Parse(redisName[(prefix.Length + 1)..]) : Raw(redisName);
    }

    /// <summary>
    /// The name as a log may show it, without prefix: a session key only by the beginning of its hash, and what would break or disguise a line as <c>\uXXXX</c>.
    /// </summary>
    public override string ToString() => Printable(HideKey(this).Spell());

    /// <summary>SHA-256 of a session key, in hex: tells sessions apart and opens none.</summary>
    internal static string HashOf(string sessionKey) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sessionKey)));

    private static ChannelName HideKey(ChannelName channel) => channel.Kind switch
    {
        ChannelKind.Session => new ChannelName(ChannelKind.Session, "#" + HashOf(channel.Owner!)[..8], channel.Facility),
        ChannelKind.Raw when Parse(channel.Facility) is { Kind: ChannelKind.Session } named => HideKey(named),
        _ => channel,
    };

    /// <summary>What a log can show without breaking its lines.</summary>
    internal static string Printable(string text)
    {
        if (text.All(IsPrintable)) return text;

        var printable = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            if (IsPrintable(character)) printable.Append(character);
            else printable.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
        }

        return printable.ToString();
    }

    private static bool IsPrintable(char character) => char.GetUnicodeCategory(character)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private string Spell() => Kind switch
    {
        ChannelKind.Broadcast => $"broadcast:{Facility}",
        ChannelKind.User => $"user:{Owner}:{Facility}",
        ChannelKind.Group => $"group:{Owner}:{Facility}",
        ChannelKind.Session => $"session:{Owner}:{Facility}",
        _ => Facility,
    };

    private static ChannelName Owned(ChannelKind kind, string owner, string facility) => IsAllowedOwner(owner)
        ? new ChannelName(kind, owner, facility)
        : throw new ArgumentException($"a {kind.ToString().ToLowerInvariant()} name must not be empty or hold a colon", nameof(owner));

    private static ChannelName? ParseOwned(ChannelKind kind, string rest)
    {
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? new ChannelName(kind, rest[..colon], rest[(colon + 1)..]) : null;
    }
}
