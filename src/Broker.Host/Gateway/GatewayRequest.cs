using System.Text.Json;

namespace Broker.Host.Gateway;

/// <summary>
/// What a client sends: <c>{"command":"SET key1 15","sessionId":"…","date":…}</c>. The session id comes back with the answer; everything else is not looked at.
/// </summary>
/// <param name="Command">Null if there is none.</param>
internal readonly record struct GatewayRequest(JsonElement? SessionId, string? Command)
{
    /// <summary>Null for what is no JSON object, or has a session id that is neither text nor number.</summary>
    public static GatewayRequest? Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var json = JsonDocument.Parse(payload);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return null;

            JsonElement? sessionId = json.RootElement.TryGetProperty("sessionId", out var id) ? id.Clone() : null;
            if (sessionId is { ValueKind: JsonValueKind.Object or JsonValueKind.Array }) return null;
            if (sessionId is { ValueKind: JsonValueKind.String }) _ = id.GetString();

            var command = json.RootElement.TryGetProperty("command", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
            return new GatewayRequest(sessionId, command);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second one: a string with half a surrogate pair.
            return null;
        }
    }
}
