using System.Buffers;
using System.Text.Json;
using Broker.Actors.Redis;

namespace Broker.Host.Gateway;

/// <summary>Writes <c>{"sessionId":…,"reply":…}</c> or <c>{"sessionId":…,"error":…}</c>. The session id is the request's, as it was.</summary>
internal static class GatewayAnswer
{
    /// <summary>A reply: strings and numbers as such, arrays as arrays, nil as null. Longer than allowed it becomes an error.</summary>
    public static ReadOnlyMemory<byte> OfReply(JsonElement? sessionId, RedisReply reply, int maxBytes)
    {
        if (reply == RedisReply.TooLong) return TooLong(sessionId, maxBytes);
        if (reply.Error is { } error) return OfError(sessionId, Presentable(error));

        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        Begin(json, sessionId);
        json.WritePropertyName("reply");
        if (!TryWrite(json, reply, maxBytes)) return TooLong(sessionId, maxBytes);

        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenMemory;
    }

    /// <summary>Of a command that changes something, too: it has been carried out.</summary>
    private static ReadOnlyMemory<byte> TooLong(JsonElement? sessionId, int maxBytes) => OfError(sessionId, $"the reply is longer than {maxBytes} bytes");

    public static ReadOnlyMemory<byte> OfError(JsonElement? sessionId, string error)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        Begin(json, sessionId);
        json.WriteString("error", error);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenMemory;
    }

    /// <summary>What Redis says of the command itself. Other errors are between it and us, and may name hosts (MOVED); that we ask by script is our affair, too.</summary>
    private static string Presentable(string error)
    {
        var isOfCommand = error.StartsWith("ERR ", StringComparison.Ordinal) || error.StartsWith("WRONGTYPE ", StringComparison.Ordinal);
        if (!isOfCommand) return "redis refused the command";

        return error.Contains("script", StringComparison.OrdinalIgnoreCase) ? "ERR unknown command or wrong number of arguments" : error;
    }

    private static void Begin(Utf8JsonWriter json, JsonElement? sessionId)
    {
        json.WriteStartObject();
        json.WritePropertyName("sessionId");
        if (sessionId is { } id) id.WriteTo(json);
        else json.WriteNullValue();
    }

    /// <summary>False as soon as it is too long: what is left is not written.</summary>
    private static bool TryWrite(Utf8JsonWriter json, RedisReply reply, int maxBytes)
    {
        if (reply.Text?.Length > maxBytes) return false;

        if (reply.Text is { } text) json.WriteStringValue(text);
        else if (reply.Number is { } number) json.WriteNumberValue(number);
        else if (reply.Items is { } items) return TryWriteItems(json, items, maxBytes);
        else json.WriteNullValue();

        return json.BytesCommitted + json.BytesPending <= maxBytes;
    }

    private static bool TryWriteItems(Utf8JsonWriter json, IReadOnlyList<RedisReply> items, int maxBytes)
    {
        json.WriteStartArray();
        foreach (var item in items)
        {
            // An error inside a reply can only come of scripts and transactions, which do not pass.
            if (!TryWrite(json, item, maxBytes)) return false;
        }

        json.WriteEndArray();
        return true;
    }
}
