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

    /// <summary>The holders of one session key: <c>session:KEY:FACILITY</c>. The name is a credential: never log it as it is.</summary>
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

    /// <summary>Reads a name as <see cref="ToString"/> writes it. What has no audience's form is a raw channel.</summary>
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
    public string ToRedis(string prefix) => prefix.Length == 0 || Kind == ChannelKind.Raw ? ToString() : $"{prefix}:{this}";

    /// <summary>The channel behind a Redis name. Names that do not begin with the prefix are raw channels.</summary>
    public static ChannelName FromRedis(string redisName, string prefix)
    {
        if (prefix.Length == 0) return Parse(redisName);

        return redisName.StartsWith(prefix + ":", StringComparison.Ordinal) ? Parse(redisName[(prefix.Length + 1)..]) : Raw(redisName);
    }

    /// <summary>The name as clients and configuration spell it: no prefix.</summary>
    public override string ToString() => Kind switch
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
