using System.Runtime.InteropServices;
using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;

namespace Broker.Host.Api;

/// <summary>The parameters of one API command. What is missing or null is as if it had protobuf's default; what is of another type is a bad request.</summary>
internal readonly struct ApiParameters(JsonElement json, ApiSettings settings)
{
    public ApiSettings Settings => settings;

    public bool IsEmpty => json.ValueKind != JsonValueKind.Object || !json.EnumerateObject().Any();

    /// <exception cref="ServerApiException">It is no object.</exception>
    public static ApiParameters Of(JsonElement json, ApiSettings settings) => json.ValueKind is JsonValueKind.Object or JsonValueKind.Undefined or JsonValueKind.Null
        ? new ApiParameters(json, settings)
        : throw Bad("parameters are an object");

    public string Text(string name) => OptionalText(name) ?? "";

    public string? OptionalText(string name)
    {
        if (Find(name) is not { } value) return null;

        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Bad($"{name} is a string");
        }
        catch (InvalidOperationException)
        {
            throw Bad($"{name} is no text");
        }
    }

    public IReadOnlyList<string> Texts(string name)
    {
        if (Find(name) is not { } list) return [];

        return list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(item => TextOf(item, name))]
            : throw Bad($"{name} is a list of strings");
    }

    public bool Flag(string name) => Find(name) is { } value && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad($"{name} is true or false"),
    };

    public long Number(string name)
    {
        if (Find(name) is not { } value) return 0;

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : throw Bad($"{name} is a whole number");
    }

    public int Limit(string name) => (int)Math.Clamp(Number(name), -1, int.MaxValue);

    /// <summary>Seconds since 1970; null where there is none.</summary>
    public DateTimeOffset? Time(string name)
    {
        var seconds = Number(name);
        return seconds is >= 0 and <= 253_402_300_799 ? seconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(seconds) : throw Bad($"{name} is no time in seconds");
    }

    public ApiParameters? Object(string name) => Find(name) is { } value ? Of(value, settings) : null;

    public StreamPosition? Position(string name) => Object(name) is { } position ? new StreamPosition(position.Text("epoch"), Math.Max(0, position.Number("offset"))) : null;

    public ChannelName Channel(string name = "channel") => ToChannel(Text(name));

    public ChannelName? OptionalChannel(string name = "channel") => OptionalText(name) is { Length: > 0 } channel ? ToChannel(channel) : null;

    public ChannelName ToChannel(string text)
    {
        if (text.Length == 0) throw Bad("a channel's name is missing");

        var channel = ChannelName.Parse(text);
        if (channel.Kind == ChannelKind.Raw) throw new ServerApiException(RichError.UnknownChannel);
        return channel.Facility.Length <= settings.FacilityLength && (channel.Owner?.Length ?? 0) <= settings.FacilityLength ? channel : throw Bad("a channel's name is too long");
    }

    /// <summary>JSON as its own text under the name; any bytes in base64 under <c>b64</c> and the name, which wins.</summary>
    public ReadOnlyMemory<byte> Data(string name = "data")
    {
        if (OptionalText("b64" + name) is { Length: > 0 } base64)
        {
            var bytes = new byte[base64.Length];
            return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes.AsMemory(0, length) : throw Bad($"b64{name} is no base64");
        }

        return Find(name) is { } value ? JsonMarshal.GetRawUtf8Value(value).ToArray() : ReadOnlyMemory<byte>.Empty;
    }

    public ClientFilter Clients() => new()
    {
        User = OptionalText("user") is { } user && (user.Length > 0 || Text("client").Length + Text("session").Length == 0) ? user : null,
        Client = OptionalText("client"),
        Session = OptionalText("session"),
        Except = Texts("whitelist"),
    };

    internal static ServerApiException Bad(string detail) => new(RichError.BadRequest, detail);

    private static string TextOf(JsonElement item, string name)
    {
        try
        {
            return item.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Bad($"{name} is no text");
        }
    }

    private JsonElement? Find(string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
