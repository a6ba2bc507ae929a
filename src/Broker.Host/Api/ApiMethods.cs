using System.Text.Json;
using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;

namespace Broker.Host.Api;

/// <summary>The commands of the server API, as Centrifugo names and shapes them: each reads its parameters, asks the node, and says what its result holds.</summary>
internal static class ApiMethods
{
    /// <summary>Writes what stands in the result's object.</summary>
    public delegate void WriteResult(Utf8JsonWriter json);

    public delegate Task<WriteResult> Method(ServerApi api, ApiParameters parameters);

    public static readonly IReadOnlyDictionary<string, Method> ByName = new Dictionary<string, Method>
    {
        ["publish"] = PublishAsync,
        ["broadcast"] = BroadcastAsync,
        ["subscribe"] = SubscribeAsync,
        ["unsubscribe"] = UnsubscribeAsync,
        ["disconnect"] = DisconnectAsync,
        ["refresh"] = RefreshAsync,
        ["presence"] = PresenceAsync,
        ["presence_stats"] = PresenceStatsAsync,
        ["history"] = HistoryAsync,
        ["history_remove"] = RemoveHistoryAsync,
        ["info"] = InfoAsync,
        ["channels"] = ChannelsAsync,
        ["connections"] = ConnectionsAsync,
        ["revoke_token"] = RevokeTokenAsync,
        ["invalidate_user_tokens"] = RevokeUserTokensAsync,
        ["revoke_session"] = RevokeSessionAsync,
    };

    private static readonly WriteResult Nothing = _ => { };

    private static async Task<WriteResult> PublishAsync(ServerApi api, ApiParameters parameters)
    {
        RefuseWhatIsNotThere(parameters);
        var position = await api.PublishAsync(parameters.Channel(), parameters.Data(), parameters.Text("idempotency_key"));
        return position is { } at ? json => ApiJson.Write(json, at) : Nothing;
    }

    private static async Task<WriteResult> BroadcastAsync(ServerApi api, ApiParameters parameters)
    {
        RefuseWhatIsNotThere(parameters);
        var names = parameters.Texts("channels");
        if (names.Count > parameters.Settings.Channels) throw new ServerApiException(RichError.LimitExceeded, "too many channels");

        // A name that is none fails alone.
        var channels = names.Select(name => Try(() => parameters.ToChannel(name))).ToArray();
        var known = channels.Where(channel => channel.Failure is null).Select(channel => channel.Value!).ToArray();
        var data = parameters.Data();
        var results = known.Length == 0 && names.Count > 0 ? [] : await api.BroadcastAsync(known, data, parameters.Text("idempotency_key"));
        return json =>
        {
            var next = 0;
            json.WriteStartArray("responses");
            foreach (var channel in channels)
            {
                var (position, failure) = channel.Failure is { } wrong ? (null, wrong) : (results[next].Position, results[next++].Failure);
                if (failure is not null) ApiJson.WriteError(json, failure);
                else ApiJson.WriteAnswer(json, position is { } at ? result => ApiJson.Write(result, at) : Nothing);
            }

            json.WriteEndArray();
        };
    }

    private static async Task<WriteResult> SubscribeAsync(ServerApi api, ApiParameters parameters)
    {
        var options = new SubscribeOptions
        {
            ChannelInfo = parameters.Data("info"),
            Data = parameters.Data(),
            ExpiresAt = parameters.Time("expire_at"),
            Since = parameters.Position("recover_since"),
        };
        await api.SubscribeAsync(parameters.Clients(), parameters.Channel(), options);
        return Nothing;
    }

    private static async Task<WriteResult> UnsubscribeAsync(ServerApi api, ApiParameters parameters)
    {
        await api.UnsubscribeAsync(parameters.Clients(), parameters.OptionalChannel());
        return Nothing;
    }

    private static async Task<WriteResult> DisconnectAsync(ServerApi api, ApiParameters parameters)
    {
        if (parameters.Object("disconnect") is { } disconnect) await api.DisconnectAsync(parameters.Clients(), disconnect.Limit("code"), disconnect.Text("reason"));
        else await api.DisconnectAsync(parameters.Clients());
        return Nothing;
    }

    private static async Task<WriteResult> RefreshAsync(ServerApi api, ApiParameters parameters)
    {
        await api.RefreshAsync(parameters.Clients(), parameters.Time("expire_at"), parameters.Flag("expired"));
        return Nothing;
    }

    private static async Task<WriteResult> PresenceAsync(ServerApi api, ApiParameters parameters)
    {
        var clients = await api.ReadPresenceAsync(parameters.Channel());
        return json =>
        {
            json.WriteStartObject("presence");
            foreach (var client in clients) ApiJson.Write(json, client);
            json.WriteEndObject();
        };
    }

    private static async Task<WriteResult> PresenceStatsAsync(ServerApi api, ApiParameters parameters)
    {
        var stats = await api.ReadPresenceStatsAsync(parameters.Channel());
        return json =>
        {
            json.WriteNumber("num_clients", stats.Clients);
            json.WriteNumber("num_users", stats.Users);
        };
    }

    private static async Task<WriteResult> HistoryAsync(ServerApi api, ApiParameters parameters)
    {
        var history = await api.ReadHistoryAsync(parameters.Channel(), parameters.Limit("limit"), parameters.Position("since"), parameters.Flag("reverse"));
        return json =>
        {
            json.WriteStartArray("publications");
            foreach (var publication in history.Publications) ApiJson.Write(json, publication);
            json.WriteEndArray();
            ApiJson.Write(json, history.Position);
        };
    }

    private static async Task<WriteResult> RemoveHistoryAsync(ServerApi api, ApiParameters parameters)
    {
        await api.RemoveHistoryAsync(parameters.Channel());
        return Nothing;
    }

    private static async Task<WriteResult> InfoAsync(ServerApi api, ApiParameters parameters)
    {
        var nodes = await api.LookAtNodesAsync();
        return json =>
        {
            json.WriteStartArray("nodes");
            foreach (var node in nodes) ApiJson.Write(json, node);
            json.WriteEndArray();
        };
    }

    private static async Task<WriteResult> ChannelsAsync(ServerApi api, ApiParameters parameters)
    {
        var page = await api.FindChannelsAsync(parameters.Text("pattern"), LimitOf(parameters, parameters.Settings.ListedChannels), parameters.Text("cursor"));
        return json =>
        {
            json.WriteStartObject("channels");
            foreach (var channel in page.Channels)
            {
                json.WriteStartObject(channel.Name);
                json.WriteNumber("num_clients", channel.Clients);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            if (page.Cursor.Length > 0) json.WriteString("cursor", page.Cursor);
        };
    }

    private static async Task<WriteResult> ConnectionsAsync(ServerApi api, ApiParameters parameters)
    {
        var page = await api.FindClientsAsync(
            parameters.Clients(),
            parameters.OptionalChannel(),
            parameters.OptionalText("node") is { Length: > 0 } node ? node : null,
            LimitOf(parameters, parameters.Settings.ListedClients),
            parameters.Text("cursor"));
        return json =>
        {
            json.WriteStartObject("connections");
            foreach (var client in page.Clients) ApiJson.Write(json, client);
            json.WriteEndObject();
            if (page.Cursor.Length > 0) json.WriteString("cursor", page.Cursor);
        };
    }

    private static async Task<WriteResult> RevokeTokenAsync(ServerApi api, ApiParameters parameters)
    {
        await api.RevokeTokenAsync(parameters.Text("uid"), parameters.Time("expire_at"));
        return Nothing;
    }

    private static async Task<WriteResult> RevokeUserTokensAsync(ServerApi api, ApiParameters parameters)
    {
        if (parameters.Text("channel").Length > 0) throw new ServerApiException(RichError.NotAvailable, "channel");

        await api.RevokeUserTokensAsync(parameters.Text("user"), parameters.Time("issued_before"), parameters.Time("expire_at"));
        return Nothing;
    }

    /// <summary>Broker's own: Centrifugo has no sessions.</summary>
    private static async Task<WriteResult> RevokeSessionAsync(ServerApi api, ApiParameters parameters)
    {
        await api.RevokeSessionAsync(parameters.Text("session"), parameters.Time("expire_at"));
        return Nothing;
    }

    private static int LimitOf(ApiParameters parameters, int most) => parameters.Limit("limit") is var limit and > 0 ? Math.Min(limit, most) : most;

    /// <summary>What Centrifugo has and Broker has not is refused, not passed over.</summary>
    private static void RefuseWhatIsNotThere(ApiParameters parameters)
    {
        if (parameters.Flag("skip_history")) throw new ServerApiException(RichError.NotAvailable, "skip_history");
        if (parameters.Object("tags") is { IsEmpty: false }) throw new ServerApiException(RichError.NotAvailable, "tags");
        if (parameters.Number("version") != 0) throw new ServerApiException(RichError.NotAvailable, "version");
    }

    private static (T? Value, ServerApiException? Failure) Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return (read(), null);
        }
        catch (ServerApiException failure)
        {
            return (null, failure);
        }
    }
}
