using Broker.Actors.Channels;

namespace Broker.Actors.Audiences;

/// <summary>
/// To whom, within a facility, something is published: everybody, users, groups, sessions, or the caller's own.
/// </summary>
public sealed record Audience
{
    private readonly Func<Caller, string, IEnumerable<ChannelName>> _channels;

    private Audience(string text, bool needsCaller, Func<Caller, string, IEnumerable<ChannelName>> channels)
    {
        Text = text;
        NeedsCaller = needsCaller;
        _channels = channels;
    }

    /// <summary>Everybody who subscribes to the facility.</summary>
    public static Audience Broadcast { get; } = new("broadcast", false, (_, facility) => [ChannelName.Broadcast(facility)]);

    /// <summary>The caller's own user, groups and session, as far as it has them. Needs <c>publisher.For(caller)</c>.</summary>
    public static Audience Self { get; } = new("self", true, (caller, facility) => [.. OwnUser(caller, facility), .. OwnGroups(caller, facility), .. OwnSession(caller, facility)]);

    /// <summary>The caller's own user.</summary>
    public static Audience SelfUser { get; } = new("self user", true, OwnUser);

    /// <summary>The caller's own groups.</summary>
    public static Audience SelfGroups { get; } = new("self groups", true, OwnGroups);

    /// <summary>The caller's own session.</summary>
    public static Audience SelfSession { get; } = new("self session", true, OwnSession);

    /// <summary>It means nothing without a caller.</summary>
    public bool NeedsCaller { get; }

    private string Text { get; }

    /// <summary>The clients of these users.</summary>
    /// <exception cref="ArgumentException">A name is empty or holds a colon.</exception>
    public static Audience Users(params IEnumerable<string> names) => Named("users", names, ChannelName.User);

    /// <summary>The clients of these groups' members.</summary>
    /// <exception cref="ArgumentException">A name is empty or holds a colon.</exception>
    public static Audience Groups(params IEnumerable<string> names) => Named("groups", names, ChannelName.Group);

    /// <summary>The clients that hold these session keys.</summary>
    /// <exception cref="ArgumentException">A key is empty or holds a colon.</exception>
    public static Audience Sessions(params IEnumerable<string> keys) => Named("sessions", keys, ChannelName.Session);

    /// <summary>These channels, whatever the facility: what a client's words came to.</summary>
    internal static Audience Exactly(IReadOnlyList<ChannelName> channels) => new("channels", false, (_, _) => channels);

    /// <summary>The channels of this audience in a facility.</summary>
    public IReadOnlyList<ChannelName> Channels(Caller caller, string facility) => [.. _channels(caller, facility)];

    /// <summary>For a log: never a name.</summary>
    public override string ToString() => Text;

    private static Audience Named(string text, IEnumerable<string> names, Func<string, string, ChannelName> spell)
    {
        string[] all = [.. names];
        foreach (var name in all) _ = spell(name, "");
        return new Audience(text, false, (_, facility) => all.Select(name => spell(name, facility)));
    }

    private static IEnumerable<ChannelName> OwnUser(Caller caller, string facility) =>
        ChannelName.IsAllowedOwner(caller.User) ? [ChannelName.User(caller.User!, facility)] : [];

    private static IEnumerable<ChannelName> OwnGroups(Caller caller, string facility) =>
        caller.IsAuthenticated ? caller.Groups.Where(ChannelName.IsAllowedOwner).Distinct().Select(group => ChannelName.Group(group, facility)) : [];

    private static IEnumerable<ChannelName> OwnSession(Caller caller, string facility) =>
        ChannelName.IsAllowedOwner(caller.SessionKey) ? [ChannelName.Session(caller.SessionKey!, facility)] : [];
}
