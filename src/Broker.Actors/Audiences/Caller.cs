using Broker.Actors.Channels;

namespace Broker.Actors.Audiences;

/// <summary>
/// Who acts: what a log-in has established. Groups and the session come from there, never from a URL.
/// </summary>
/// <param name="User">The user's name; null for an anonymous caller.</param>
/// <param name="Groups">The groups that the user is a member of, in the order that replays take.</param>
/// <param name="SessionKey">The session's key, a credential; null without a session. An anonymous caller may have one.</param>
public sealed record Caller(string? User, IReadOnlyList<string> Groups, string? SessionKey)
{
    /// <summary>Nobody in particular.</summary>
    public static readonly Caller Anonymous = new(null, [], null);

    /// <summary>True when a user is known.</summary>
    public bool IsAuthenticated => User is not null;

    /// <summary>For a log: never the session key.</summary>
    public override string ToString()
    {
        var session = SessionKey is null ? "none" : "#" + ChannelName.HashOf(SessionKey)[..8];
        return ChannelName.Printable($"{User ?? "anonymous"} in [{string.Join(", ", Groups)}], session {session}");
    }
}
