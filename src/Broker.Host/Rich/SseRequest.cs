using System.Globalization;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Clients;

namespace Broker.Host.Rich;

/// <summary>What a client of server-sent events asks for.</summary>
/// <param name="Connect">Who it is, as a rich client says it.</param>
/// <param name="Channel">Null: the one that its token names.</param>
/// <param name="ChannelToken">A subscription token for it; empty for none.</param>
/// <param name="Since">Where it stood; null: it begins.</param>
internal sealed record SseRequest(Connect Connect, string? Channel, string ChannelToken, StreamPosition? Since)
{
    private const string LastEventId = "Last-Event-ID";

    /// <summary>No history has an epoch of this name.</summary>
    private static readonly StreamPosition Unknown = new("?", 0);

    /// <summary>
    /// <c>?channel=NAME</c> (and a token where every request may have one), or a connect command as Centrifugo takes it: <c>?cf_connect={"token":…,"subs":{"NAME":{…}}}</c>; a subscription
    /// token is <c>channel_token</c>. Where it stood says the browser in a header, or <c>lastEventId</c> for those that cannot set one, or else the command.
    /// </summary>
    public static OrRefusal<SseRequest> Read(HttpRequest request)
    {
        var query = request.Query;
        if (ReadConnect(query["cf_connect"].ToString()) is not { } connect) return Refusals.BadRequest("cf_connect is no connect command");
        if (connect.Since.Count > 1) return Refusals.BadRequest("A stream has one channel");

        var (named, stood) = connect.Since.Select(one => (one.Key, one.Value)).FirstOrDefault();
        var channel = query["channel"].ToString() is { Length: > 0 } name ? name : named;

        // The browser's own: it has got further than when the page wrote the address.
        var last = request.Headers[LastEventId].ToString() is { Length: > 0 } header ? header : query["lastEventId"].ToString();
        var since = last.Length > 0 ? Position(last) : stood.Recover && channel == named ? stood.Position : default(StreamPosition?);
        return new SseRequest(connect, channel, query["channel_token"].ToString(), since);
    }

    /// <summary>As an event's id: <c>epoch:offset</c>. What is none is from before, and cannot be recovered from.</summary>
    private static StreamPosition Position(string id)
    {
        var colon = id.LastIndexOf(':');
        return colon > 0 && long.TryParse(id.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? new StreamPosition(id[..colon], offset)
            : Unknown;
    }

    private static Connect? ReadConnect(string json)
    {
        if (json.Length == 0) json = "{}";

        var command = Encoding.UTF8.GetBytes($$"""{"id":1,"connect":{{json}}}""");
        return JsonReader.TryRead(command, 1, out var commands, out _) ? commands[0] as Connect : null;
    }
}
