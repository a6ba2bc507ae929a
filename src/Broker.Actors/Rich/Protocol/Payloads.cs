using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace Broker.Actors.Rich.Protocol;

/// <summary>
/// How a payload, which may be any bytes, stands in the JSON that rich clients get: JSON as itself, other text as a JSON string, everything else as a base64 string. Which one it is can be
/// told from the outside for base64 only, by the publication's tag.
/// </summary>
internal enum PayloadForm
{
    /// <summary>The payload's own text; line breaks in it, which are never part of a value, become spaces, because a line is a message.</summary>
    Json,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A string, in base64.</summary>
    Base64,
}

/// <inheritdoc cref="PayloadForm"/>
internal static class Payloads
{
    /// <summary>JSON that is deeper than this is a text: clients, too, have readers with a limit.</summary>
    public const int Depth = 128;

    private static readonly SearchValues<byte> LineBreaks = SearchValues.Create("\r\n"u8);

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = Depth };

    public static PayloadForm FormOf(ReadOnlySpan<byte> payload)
    {
        if (!Utf8.IsValid(payload)) return PayloadForm.Base64;
        return IsJson(payload) ? PayloadForm.Json : PayloadForm.Text;
    }

    /// <summary>Writes the payload as a value.</summary>
    public static PayloadForm Write(Utf8JsonWriter json, ReadOnlySpan<byte> payload)
    {
        var form = FormOf(payload);
        if (form == PayloadForm.Json) WriteJson(json, payload);
        else if (form == PayloadForm.Text) json.WriteStringValue(payload);
        else json.WriteBase64StringValue(payload);
        return form;
    }

    private static bool IsJson(ReadOnlySpan<byte> payload)
    {
        // Nearly all that is no JSON shows it at once; finding out by exception is dear.
        if (!CanBegin(payload)) return false;

        var json = new Utf8JsonReader(payload, Strict);
        try
        {
            while (json.Read()) { }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool CanBegin(ReadOnlySpan<byte> payload)
    {
        var start = payload.IndexOfAnyExcept(" \t\r\n"u8);
        return start >= 0 && payload[start] is (byte)'{' or (byte)'[' or (byte)'"' or (byte)'-' or (byte)'t' or (byte)'f' or (byte)'n' or (>= (byte)'0' and <= (byte)'9');
    }

    private static void WriteJson(Utf8JsonWriter json, ReadOnlySpan<byte> payload)
    {
        if (!payload.ContainsAny(LineBreaks))
        {
            json.WriteRawValue(payload, skipInputValidation: true);
            return;
        }

        var line = ArrayPool<byte>.Shared.Rent(payload.Length);
        payload.CopyTo(line);
        var text = line.AsSpan(0, payload.Length);
        text.Replace((byte)'\n', (byte)' ');
        text.Replace((byte)'\r', (byte)' ');
        json.WriteRawValue(text, skipInputValidation: true);
        ArrayPool<byte>.Shared.Return(line);
    }
}
