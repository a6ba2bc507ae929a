using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Settings;

namespace Broker.Actors.Serving;

/// <summary>What a node's clients are at one moment, for those who ask.</summary>
internal static class OpenClients
{
    private const int PerClient = 160;

    /// <summary>Of one client with very many: so that it fits in a page.</summary>
    private const int MaxListed = 128;

    public static Page<ConnectedClient> Find(IEnumerable<ClientConnection> clients, FindClients query)
    {
        var found = clients
            .Where(client => string.CompareOrdinal(client.Id, query.After) > 0 && Fits(client.Look(), query))
            .OrderBy(client => client.Id, StringComparer.Ordinal)
            .Take(query.Limit + 1)
            .Select(client => Cut(client.Look().ToClient()))
            .ToList();
        return Pages.Take(found, 0, query.Limit, SizeOf);
    }

    /// <summary>All channels that fit the pattern, sorted.</summary>
    /// <param name="subscribed">Of each client.</param>
    /// <param name="pattern">Empty for all.</param>
    public static IReadOnlyList<ChannelCount> Count(IEnumerable<IReadOnlyList<ChannelName>> subscribed, string pattern)
    {
        var counts = new Dictionary<ChannelName, int>();
        foreach (var channel in subscribed.SelectMany(channels => channels)) counts[channel] = counts.GetValueOrDefault(channel) + 1;

        var glob = pattern.Length == 0 ? null : new Glob(pattern);
        return
        [
            .. counts.Select(count => new ChannelCount(Shown(count.Key), count.Value))
                .Where(count => glob is null || glob.Fits(count.Name))
                .OrderBy(count => count.Name, StringComparer.Ordinal),
        ];
    }

    public static Page<ChannelCount> PageOf(IReadOnlyList<ChannelCount> sorted, string after)
    {
        var start = 0;
        while (start < sorted.Count && string.CompareOrdinal(sorted[start].Name, after) <= 0) start++;
        return Pages.Take(sorted, start, int.MaxValue, count => 16 + 3 * count.Name.Length);
    }

    /// <summary>A name as it may be shown to who has the API's key: session keys are credentials, and a raw channel may be a session's.</summary>
    public static string Shown(ChannelName channel) => channel.Kind is ChannelKind.Session or ChannelKind.Raw ? channel.ToString() : channel.ToRedis("");

    private static bool Fits(Sight client, FindClients query) => query.Clients.Fits(client) && (query.Channel is null || client.Channels.Contains(query.Channel));

    private static ConnectedClient Cut(ConnectedClient client)
    {
        var room = Pages.MaxBytes;
        var listed = client.Channels.Take(MaxListed).TakeWhile(channel => (room -= SizeOf(channel)) > 0).ToArray();
        return listed.Length == client.Channels.Count ? client : client with { Channels = listed };
    }

    private static int SizeOf(ConnectedClient client) =>
        PerClient + 3 * (client.User.Length + client.TokenId.Length + client.Name.Length + client.Version.Length) + client.Channels.Sum(SizeOf);

    private static int SizeOf(ChannelName channel) => 16 + 3 * (channel.Facility.Length + (channel.Owner?.Length ?? 0));
}
