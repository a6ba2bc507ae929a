using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Serving;

/// <remarks>What it asks and orders of the clients of all nodes.</remarks>
public sealed partial class ServerApi
{
    /// <summary>A close reason is a websocket's: at most so many bytes.</summary>
    private const int MaxReason = 123;

    /// <summary>Subscribes rich clients to a channel: those that are open now.</summary>
    /// <param name="clients">Which.</param>
    /// <param name="channel">No raw channel.</param>
    /// <param name="options">More about the subscription.</param>
    /// <returns>How many clients were told.</returns>
    /// <exception cref="ServerApiException">The request is wrong, or a node did not answer.</exception>
    public Task<int> SubscribeAsync(ClientFilter clients, ChannelName channel, SubscribeOptions? options = null)
    {
        CheckChannel(channel);
        options ??= new SubscribeOptions();
        var resume = options.Since is { } since ? new Resume(true, since) : default;
        return OrderAsync(clients, new SubscribeClient(channel, options.ChannelInfo, options.ExpiresAt, resume, options.Data));
    }

    /// <summary>Ends subscriptions of rich clients, whoever made them.</summary>
    /// <param name="clients">Which.</param>
    /// <param name="channel">Null: all that they have.</param>
    /// <inheritdoc cref="SubscribeAsync" path="/returns"/>
    /// <inheritdoc cref="SubscribeAsync" path="/exception"/>
    public Task<int> UnsubscribeAsync(ClientFilter clients, ChannelName? channel)
    {
        if (channel is not null) CheckChannel(channel);
        return OrderAsync(clients, channel is null ? new UnsubscribeFromAll(UnsubscribeCode.Server) : new UnsubscribeClient(channel, UnsubscribeCode.Server));
    }

    /// <summary>Closes clients of every kind.</summary>
    /// <param name="clients">Which.</param>
    /// <param name="code">3000 to 4999: those to 3499, and from 4000 to 4499, come back.</param>
    /// <param name="reason">At most 123 bytes.</param>
    /// <inheritdoc cref="SubscribeAsync" path="/returns"/>
    /// <inheritdoc cref="SubscribeAsync" path="/exception"/>
    public Task<int> DisconnectAsync(ClientFilter clients, int code = 3503, string reason = "force disconnect")
    {
        if (code is < 3000 or > 4999) throw Bad("a disconnect code is between 3000 and 4999");
        if (Encoding.UTF8.GetByteCount(reason) > MaxReason) throw Bad("a reason has at most 123 bytes");

        return OrderAsync(clients, new CloseConnection(new CloseReason(code, reason)));
    }

    /// <summary>Sets when rich connections end, or ends them: the client is to get a new token.</summary>
    /// <param name="clients">Which.</param>
    /// <param name="expiresAt">Null: never.</param>
    /// <param name="expired">Now.</param>
    /// <inheritdoc cref="SubscribeAsync" path="/returns"/>
    /// <inheritdoc cref="SubscribeAsync" path="/exception"/>
    public Task<int> RefreshAsync(ClientFilter clients, DateTimeOffset? expiresAt, bool expired = false) => OrderAsync(clients, new RefreshClient(expiresAt, expired));

    /// <summary>Open clients of all nodes, in the order of their ids, some at a time.</summary>
    /// <param name="clients">Null: all.</param>
    /// <param name="channel">Those that are subscribed to it; null for any.</param>
    /// <param name="node">Those of one node, by its id; null for all.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cursor">Where the last page ended; empty for the first.</param>
    /// <exception cref="ServerApiException">A node did not answer.</exception>
    public async Task<ClientsPage> FindClientsAsync(ClientFilter? clients = null, ChannelName? channel = null, string? node = null, int limit = 100, string cursor = "")
    {
        var filter = (clients ?? new ClientFilter()).Hashed();
        var found = new List<OpenClient>();
        var isMore = true;
        while (isMore && found.Count < limit)
        {
            var answers = await _control.AskAsync<ClientsFound>(new FindClients(filter, channel, cursor, limit - found.Count), node);
            var merged = Pages.Merge(
                [.. answers.Select(answer => new Page<OpenClient>([.. answer.Answer.Page.Items.Select(client => new OpenClient(answer.Id, client))], answer.Answer.Page.More))],
                open => open.Client.Client);
            var taken = merged.Items.Take(limit - found.Count).ToArray();
            found.AddRange(taken);
            isMore = merged.More || taken.Length < merged.Items.Count;
            if (found.Count > 0) cursor = found[^1].Client.Client;
        }

        return new ClientsPage(found, isMore ? cursor : "");
    }

    /// <summary>Channels that clients are subscribed to, in the order of their names, with how many there are on all nodes.</summary>
    /// <param name="pattern"><c>*</c> stands for any characters, <c>?</c> for one; empty for all. Session channels go by their key's hash.</param>
    /// <param name="limit">How many at most, about: a page that has been read is given whole.</param>
    /// <param name="cursor">Where the last page ended; empty for the first.</param>
    /// <exception cref="ServerApiException">A node did not answer.</exception>
    public async Task<ChannelsPage> FindChannelsAsync(string pattern = "", int limit = 10_000, string cursor = "")
    {
        var found = new List<ChannelCount>();
        var isMore = true;
        while (isMore && found.Count < limit)
        {
            var answers = await _control.AskAsync<ChannelsCounted>(new CountChannels(pattern, cursor));
            var merged = Pages.Merge([.. answers.Select(answer => answer.Answer.Page)], count => count.Name);
            found.AddRange(merged.Items.GroupBy(count => count.Name).Select(parts => new ChannelCount(parts.Key, parts.Sum(part => part.Clients))));
            isMore = merged.More;
            if (found.Count > 0) cursor = found[^1].Name;
        }

        return new ChannelsPage(found, isMore ? cursor : "");
    }

    /// <summary>The nodes, and what each has to do.</summary>
    /// <exception cref="ServerApiException">A node did not answer.</exception>
    public async Task<IReadOnlyList<NodeInfo>> LookAtNodesAsync()
    {
        var answers = await _control.AskAsync<Figures>(AskFigures.Instance);
        return
        [
            .. answers.Select(answer => new NodeInfo(
                answer.Id, answer.Address ?? "", answer.Answer.Version, answer.Answer.Clients, answer.Answer.Users, answer.Answer.Channels, answer.Answer.Subscriptions, answer.Answer.UptimeSeconds)),
        ];
    }

    private async Task<int> OrderAsync(ClientFilter clients, object order)
    {
        if (clients.IsEmpty) throw Bad("which clients: user, client or session");

        var answers = await _control.AskAsync<Ordered>(new OrderClients(clients.Hashed(), order));
        return answers.Sum(answer => answer.Answer.Clients);
    }
}

/// <summary>What an application says of a subscription that it makes for a client.</summary>
public sealed record SubscribeOptions
{
    /// <summary>What others see of the client on this channel, JSON; empty for nothing.</summary>
    public ReadOnlyMemory<byte> ChannelInfo { get; init; }

    /// <summary>What the client is told with it, JSON; empty for nothing.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>When it ends; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The client is given what came after this.</summary>
    public StreamPosition? Since { get; init; }
}

/// <summary>An open client, and the node that it is at.</summary>
/// <param name="Node">The node's id, as <see cref="NodeInfo.Id"/>.</param>
/// <param name="Client">Who it is.</param>
public sealed record OpenClient(string Node, ConnectedClient Client);

/// <summary>Some of the open clients.</summary>
/// <param name="Clients">In the order of their ids.</param>
/// <param name="Cursor">For the next page; empty where there is no more.</param>
public sealed record ClientsPage(IReadOnlyList<OpenClient> Clients, string Cursor);

/// <summary>Some of the channels that have clients.</summary>
/// <param name="Channels">In the order of their names.</param>
/// <param name="Cursor">For the next page; empty where there is no more.</param>
public sealed record ChannelsPage(IReadOnlyList<ChannelCount> Channels, string Cursor);

/// <summary>A node of the cluster.</summary>
/// <param name="Id">Which of its lives.</param>
/// <param name="Address">Where other nodes reach it; empty for a node alone.</param>
/// <param name="Version">Of Broker.</param>
/// <param name="Clients">Open connections.</param>
/// <param name="Users">Different users among them.</param>
/// <param name="Channels">Channels with subscribers at this node.</param>
/// <param name="Subscriptions">Of its clients.</param>
/// <param name="UptimeSeconds">Since it started.</param>
public sealed record NodeInfo(string Id, string Address, string Version, int Clients, int Users, int Channels, int Subscriptions, long UptimeSeconds);
