namespace Broker.Host.Pages;

/// <summary>Whom the demo page can be. Everybody there is a chatter; the boss is staff too.</summary>
internal static class DemoUsers
{
    private static readonly Dictionary<string, string[]> Groups = new(StringComparer.Ordinal)
    {
        ["john"] = ["chatters"],
        ["mary"] = ["chatters"],
        ["boss"] = ["chatters", "staff"],
    };

    public static IReadOnlyList<string> Names { get; } = [.. Groups.Keys];

    /// <summary>Null for somebody else.</summary>
    public static IReadOnlyList<string>? GroupsOf(string user) => Groups.GetValueOrDefault(user);
}
