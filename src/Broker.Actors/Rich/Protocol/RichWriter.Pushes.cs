using System.Buffers;
using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Connections;

namespace Broker.Actors.Rich.Protocol;

// What the server says unasked.
internal static partial class RichWriter
{
    /// <param name="channel">As the client knows it.</param>
    /// <param name="withOffset">The channel has a history.</param>
    public static void PushPublication(IBufferWriter<byte> output, string channel, Publication publication, bool withOffset)
    {
        var json = Push(output, channel);
        json.WritePropertyName("pub"u8);
        Write(json, publication, withOffset);
        End(json);
    }

    public static void PushJoin(IBufferWriter<byte> output, string channel, ClientInfo client) => PushInfo(output, channel, "join"u8, client);

    public static void PushLeave(IBufferWriter<byte> output, string channel, ClientInfo client) => PushInfo(output, channel, "leave"u8, client);

    public static void PushUnsubscribe(IBufferWriter<byte> output, string channel, UnsubscribeCode code)
    {
        var json = Push(output, channel);
        json.WriteStartObject("unsubscribe"u8);
        json.Write("code"u8, code.Code);
        json.Write("reason"u8, code.Reason);
        json.WriteEndObject();
        End(json);
    }

    /// <summary>The server has subscribed the client. Its publications, if the result has any, are pushed after it.</summary>
    public static void PushSubscribe(IBufferWriter<byte> output, string channel, SubscribeResult result)
    {
        var json = Push(output, channel);
        json.WriteStartObject("subscribe"u8);
        json.Write("recoverable"u8, result.Recoverable);
        json.Write("positioned"u8, result.Positioned);
        if (result.Recoverable || result.Positioned) Write(json, result.Position);
        WriteData(json, "data"u8, result.Data);
        json.WriteEndObject();
        End(json);
    }

    /// <param name="output">Where to.</param>
    /// <param name="data">JSON.</param>
    public static void PushMessage(IBufferWriter<byte> output, ReadOnlyMemory<byte> data)
    {
        var json = Push(output, "");
        json.WriteStartObject("message"u8);
        WriteData(json, "data"u8, data);
        json.WriteEndObject();
        End(json);
    }

    public static void PushRefresh(IBufferWriter<byte> output, Lifetime lifetime)
    {
        var json = Push(output, "");
        json.WriteStartObject("refresh"u8);
        Write(json, lifetime);
        json.WriteEndObject();
        End(json);
    }

    /// <summary>For transports that have no close code; a websocket has.</summary>
    public static void PushDisconnect(IBufferWriter<byte> output, CloseReason reason)
    {
        var json = Push(output, "");
        json.WriteStartObject("disconnect"u8);
        json.Write("code"u8, reason.Code);
        json.Write("reason"u8, reason.Text);
        json.WriteEndObject();
        End(json);
    }

    private static void PushInfo(IBufferWriter<byte> output, string channel, ReadOnlySpan<byte> kind, ClientInfo client)
    {
        var json = Push(output, channel);
        json.WriteStartObject(kind);
        Write(json, "info", client);
        json.WriteEndObject();
        End(json);
    }

    private static Utf8JsonWriter Push(IBufferWriter<byte> output, string channel)
    {
        var json = Begin(output);
        json.WriteStartObject();
        json.WriteStartObject("push"u8);
        json.Write("channel"u8, channel);
        return json;
    }
}
