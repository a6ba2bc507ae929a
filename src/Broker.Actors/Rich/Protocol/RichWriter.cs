using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Serving;

namespace Broker.Actors.Rich.Protocol;

/// <summary>
/// Writes what rich clients get, each a JSON object in one line, without a line break at its end and without websocket framing. As in protobuf's JSON, what is zero, false or empty is
/// left out.
/// </summary>
internal static partial class RichWriter
{
    private static readonly string ServerVersion = $"Broker {typeof(RichWriter).Assembly.GetName().Version!.ToString(3)}";

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>The server's ping.</summary>
    public static ReadOnlySpan<byte> Ping => "{}"u8;

    public static void Error(IBufferWriter<byte> output, uint id, RichError error)
    {
        var json = Reply(output, id, "error"u8);
        json.Write("code"u8, error.Code);
        json.Write("message"u8, error.Message);
        json.Write("temporary"u8, error.Temporary);
        End(json);
    }

    public static void Connected(IBufferWriter<byte> output, uint id, ConnectResult result)
    {
        var json = Reply(output, id, "connect"u8);
        json.Write("client"u8, result.Client);
        json.Write("version"u8, ServerVersion);
        Write(json, result.Lifetime);
        WriteData(json, "data"u8, result.Data);
        if (result.Subscriptions.Count > 0)
        {
            json.WriteStartObject("subs"u8);
            foreach (var (channel, subscription) in result.Subscriptions)
            {
                json.WriteStartObject(channel);
                Write(json, subscription);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.Write("ping"u8, result.PingSeconds);
        json.Write("pong"u8, result.Pong);
        json.Write("session"u8, result.Session);
        json.Write("node"u8, result.Node);
        End(json);
    }

    public static void Subscribed(IBufferWriter<byte> output, uint id, SubscribeResult result)
    {
        var json = Reply(output, id, "subscribe"u8);
        Write(json, result);
        End(json);
    }

    public static void Unsubscribed(IBufferWriter<byte> output, uint id) => End(Reply(output, id, "unsubscribe"u8));

    public static void Published(IBufferWriter<byte> output, uint id) => End(Reply(output, id, "publish"u8));

    public static void Pinged(IBufferWriter<byte> output, uint id) => End(Reply(output, id, "ping"u8));

    public static void Presence(IBufferWriter<byte> output, uint id, IEnumerable<ClientInfo> clients)
    {
        var json = Reply(output, id, "presence"u8);
        json.WriteStartObject("presence"u8);
        foreach (var client in clients) Write(json, client.Client, client);
        json.WriteEndObject();
        End(json);
    }

    public static void PresenceStats(IBufferWriter<byte> output, uint id, uint clients, uint users)
    {
        var json = Reply(output, id, "presence_stats"u8);
        json.WriteNumber("num_clients"u8, clients);
        json.WriteNumber("num_users"u8, users);
        End(json);
    }

    public static void History(IBufferWriter<byte> output, uint id, HistoryView result)
    {
        var json = Reply(output, id, "history"u8);
        json.WriteStartArray("publications"u8);
        foreach (var publication in result.Publications) Write(json, publication, withOffset: true);
        json.WriteEndArray();
        Write(json, result.Position);
        End(json);
    }

    public static void Called(IBufferWriter<byte> output, uint id, ReadOnlyMemory<byte> data)
    {
        var json = Reply(output, id, "rpc"u8);
        WriteData(json, "data"u8, data);
        End(json);
    }

    public static void Refreshed(IBufferWriter<byte> output, uint id, string client, Lifetime lifetime)
    {
        var json = Reply(output, id, "refresh"u8);
        json.Write("client"u8, client);
        json.Write("version"u8, ServerVersion);
        Write(json, lifetime);
        End(json);
    }

    public static void SubRefreshed(IBufferWriter<byte> output, uint id, Lifetime lifetime)
    {
        var json = Reply(output, id, "sub_refresh"u8);
        Write(json, lifetime);
        End(json);
    }

    /// <summary>A publication and nothing around it.</summary>
    public static void Publication(IBufferWriter<byte> output, Publication publication, bool withOffset)
    {
        var json = Begin(output);
        Write(json, publication, withOffset);
        json.Flush();
    }

    /// <summary>What a stream of one channel begins with; no reply of the protocol.</summary>
    /// <param name="position">Null: the channel has no history.</param>
    public static void StreamBegins(IBufferWriter<byte> output, string channel, StreamPosition? position, bool wasRecovering, bool recovered)
    {
        var json = Begin(output);
        json.WriteStartObject();
        json.Write("channel"u8, channel);
        if (position is { } known) Write(json, known);
        json.WriteBoolean("was_recovering"u8, wasRecovering);
        json.WriteBoolean("recovered"u8, recovered);
        json.WriteEndObject();
        json.Flush();
    }

    private static void Write(Utf8JsonWriter json, SubscribeResult result)
    {
        var hasPosition = result.Recoverable || result.Positioned;
        Write(json, result.Lifetime);
        json.Write("recoverable"u8, result.Recoverable);
        json.Write("positioned"u8, result.Positioned);
        if (hasPosition) Write(json, result.Position);
        if (result.Publications.Count > 0)
        {
            json.WriteStartArray("publications"u8);
            foreach (var publication in result.Publications) Write(json, publication, hasPosition);
            json.WriteEndArray();
        }

        json.Write("was_recovering"u8, result.WasRecovering);
        json.Write("recovered"u8, result.Recovered);
        WriteData(json, "data"u8, result.Data);
    }

    private static void Write(Utf8JsonWriter json, Publication publication, bool withOffset)
    {
        json.WriteStartObject();
        json.WritePropertyName("data"u8);
        var form = Payloads.Write(json, publication.Payload.Span);
        if (withOffset) json.Write("offset"u8, publication.Position.Offset);
        if (form == PayloadForm.Base64)
        {
            json.WriteStartObject("tags"u8);
            json.WriteString("encoding"u8, "base64"u8);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, ClientInfo client)
    {
        json.WriteStartObject(name);
        json.Write("user"u8, client.User);
        json.Write("client"u8, client.Client);
        WriteData(json, "conn_info"u8, client.ConnectionInfo);
        WriteData(json, "chan_info"u8, client.ChannelInfo);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, StreamPosition position)
    {
        json.Write("epoch"u8, position.Epoch);
        json.Write("offset"u8, position.Offset);
    }

    private static void Write(Utf8JsonWriter json, Lifetime lifetime)
    {
        json.Write("expires"u8, lifetime.Expires);
        json.Write("ttl"u8, lifetime.Seconds);
    }

    /// <summary>What the application said is JSON; if it is not, it does not break the line all the same.</summary>
    private static void WriteData(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty) return;
        json.WritePropertyName(name);
        Payloads.Write(json, data.Span);
    }

    private static void Write(this Utf8JsonWriter json, ReadOnlySpan<byte> name, string value)
    {
        if (value.Length > 0) json.WriteString(name, value);
    }

    private static void Write(this Utf8JsonWriter json, ReadOnlySpan<byte> name, long value)
    {
        if (value != 0) json.WriteNumber(name, value);
    }

    private static void Write(this Utf8JsonWriter json, ReadOnlySpan<byte> name, bool value)
    {
        if (value) json.WriteBoolean(name, value);
    }

    /// <summary>A reply, up to the beginning of its result.</summary>
    private static Utf8JsonWriter Reply(IBufferWriter<byte> output, uint id, ReadOnlySpan<byte> result)
    {
        var json = Begin(output);
        json.WriteStartObject();
        json.WriteNumber("id"u8, id);
        json.WriteStartObject(result);
        return json;
    }

    /// <summary>One writer for each thread: what is written is written in one go.</summary>
    private static Utf8JsonWriter Begin(IBufferWriter<byte> output)
    {
        if (_writer is not { } json)
        {
            return _writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        }

        json.Reset(output);
        return json;
    }

    /// <summary>Ends the object within, the result or the push, and the whole.</summary>
    private static void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
    }
}
