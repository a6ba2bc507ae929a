using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Serving;

namespace Broker.Actors.Rich.Protocol;

/// <summary>Writes JSON objects, each in one line, without a line break at its end. Data that is no JSON stands there as <see cref="PayloadForm"/> says.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A Utf8JsonWriter over a buffer of ours holds nothing that must be given back; it lives as long as its thread.")]
internal sealed partial class JsonWriter : RichWriter
{
    [ThreadStatic]
    private static JsonWriter? _mine;

    private readonly Utf8JsonWriter _json;

    private JsonWriter() => _json = new Utf8JsonWriter(Begin(), new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    /// <summary>The present thread's.</summary>
    public static JsonWriter Mine => _mine ??= new JsonWriter();

    /// <inheritdoc/>
    public override void Ping()
    {
        _json.Reset(Begin());
        _json.WriteStartObject();
        _json.WriteEndObject();
        _json.Flush();
    }

    /// <inheritdoc/>
    public override void Error(uint id, RichError error)
    {
        BeginReply(id, "error"u8);
        Write("code"u8, error.Code);
        Write("message"u8, error.Message);
        Write("temporary"u8, error.Temporary);
        End();
    }

    /// <inheritdoc/>
    public override void Connected(uint id, ConnectResult result)
    {
        BeginReply(id, "connect"u8);
        Write("client"u8, result.Client);
        Write("version"u8, ServerVersion);
        Write(result.Lifetime);
        Write("data"u8, result.Data);
        if (result.Subscriptions.Count > 0)
        {
            _json.WriteStartObject("subs"u8);
            foreach (var (channel, subscription) in result.Subscriptions)
            {
                _json.WriteStartObject(channel);
                Write(subscription);
                _json.WriteEndObject();
            }

            _json.WriteEndObject();
        }

        Write("ping"u8, result.PingSeconds);
        Write("pong"u8, result.Pong);
        Write("session"u8, result.Session);
        Write("node"u8, result.Node);
        End();
    }

    /// <inheritdoc/>
    public override void Subscribed(uint id, SubscribeResult result)
    {
        BeginReply(id, "subscribe"u8);
        Write(result);
        End();
    }

    /// <inheritdoc/>
    public override void Unsubscribed(uint id) => Empty(id, "unsubscribe"u8);

    /// <inheritdoc/>
    public override void Published(uint id) => Empty(id, "publish"u8);

    /// <inheritdoc/>
    public override void Pinged(uint id) => Empty(id, "ping"u8);

    /// <inheritdoc/>
    public override void Presence(uint id, IEnumerable<ClientInfo> clients)
    {
        BeginReply(id, "presence"u8);
        _json.WriteStartObject("presence"u8);
        foreach (var client in clients) Write(client.Client, client);
        _json.WriteEndObject();
        End();
    }

    /// <inheritdoc/>
    public override void PresenceStats(uint id, uint clients, uint users)
    {
        BeginReply(id, "presence_stats"u8);
        _json.WriteNumber("num_clients"u8, clients);
        _json.WriteNumber("num_users"u8, users);
        End();
    }

    /// <inheritdoc/>
    public override void History(uint id, HistoryView result)
    {
        BeginReply(id, "history"u8);
        _json.WriteStartArray("publications"u8);
        foreach (var publication in result.Publications) Write(publication, withOffset: true);
        _json.WriteEndArray();
        Write(result.Position);
        End();
    }

    /// <inheritdoc/>
    public override void Called(uint id, ReadOnlyMemory<byte> data)
    {
        BeginReply(id, "rpc"u8);
        Write("data"u8, data);
        End();
    }

    /// <inheritdoc/>
    public override void Refreshed(uint id, string client, Lifetime lifetime)
    {
        BeginReply(id, "refresh"u8);
        Write("client"u8, client);
        Write("version"u8, ServerVersion);
        Write(lifetime);
        End();
    }

    /// <inheritdoc/>
    public override void SubRefreshed(uint id, Lifetime lifetime)
    {
        BeginReply(id, "sub_refresh"u8);
        Write(lifetime);
        End();
    }

    private void Empty(uint id, ReadOnlySpan<byte> result)
    {
        BeginReply(id, result);
        End();
    }

    private void Write(SubscribeResult result)
    {
        var hasPosition = result.Recoverable || result.Positioned;
        Write(result.Lifetime);
        Write("recoverable"u8, result.Recoverable);
        Write("positioned"u8, result.Positioned);
        if (hasPosition) Write(result.Position);
        if (result.Publications.Count > 0)
        {
            _json.WriteStartArray("publications"u8);
            foreach (var publication in result.Publications) Write(publication, hasPosition);
            _json.WriteEndArray();
        }

        Write("was_recovering"u8, result.WasRecovering);
        Write("recovered"u8, result.Recovered);
        Write("data"u8, result.Data);
    }

    private void Write(Publication publication, bool withOffset)
    {
        _json.WriteStartObject();
        _json.WritePropertyName("data"u8);
        var form = Payloads.Write(_json, publication.Payload.Span);
        if (withOffset) Write("offset"u8, publication.Position.Offset);
        if (form == PayloadForm.Base64)
        {
            _json.WriteStartObject("tags"u8);
            _json.WriteString("encoding"u8, "base64"u8);
            _json.WriteEndObject();
        }

        _json.WriteEndObject();
    }

    private void Write(string name, ClientInfo client)
    {
        _json.WriteStartObject(name);
        Write("user"u8, client.User);
        Write("client"u8, client.Client);
        Write("conn_info"u8, client.ConnectionInfo);
        Write("chan_info"u8, client.ChannelInfo);
        _json.WriteEndObject();
    }

    private void Write(StreamPosition position)
    {
        Write("epoch"u8, position.Epoch);
        Write("offset"u8, position.Offset);
    }

    private void Write(Lifetime lifetime)
    {
        Write("expires"u8, lifetime.Expires);
        Write("ttl"u8, lifetime.Seconds);
    }

    /// <summary>What the application said for this encoding is JSON; if it is not, it does not break the line all the same.</summary>
    private void Write(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty) return;
        _json.WritePropertyName(name);
        Payloads.Write(_json, data.Span);
    }

    private void Write(ReadOnlySpan<byte> name, string value)
    {
        if (value.Length > 0) _json.WriteString(name, value);
    }

    private void Write(ReadOnlySpan<byte> name, long value)
    {
        if (value != 0) _json.WriteNumber(name, value);
    }

    private void Write(ReadOnlySpan<byte> name, bool value)
    {
        if (value) _json.WriteBoolean(name, value);
    }

    /// <summary>A reply, up to the beginning of its result.</summary>
    private void BeginReply(uint id, ReadOnlySpan<byte> result)
    {
        _json.Reset(Begin());
        _json.WriteStartObject();
        _json.WriteNumber("id"u8, id);
        _json.WriteStartObject(result);
    }

    /// <summary>Ends the object within, the result or the push, and the whole.</summary>
    private void End()
    {
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Flush();
    }
}
