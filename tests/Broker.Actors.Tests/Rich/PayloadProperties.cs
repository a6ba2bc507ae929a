using System.Text;
using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Actors.Tests.Rich;

public sealed class PayloadProperties
{
    private static readonly FsCheck.Config Fixed = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2000).WithReplay(20_261_122UL, 1UL);

    [Fact]
    public void Any_bytes_come_back() => Check.One(Fixed, Prop.ForAll(Arb.From(AnyBytes), payload =>
    {
        var line = Pushed("broadcast:x", payload);
        using var push = JsonDocument.Parse(line);
        var publication = push.RootElement.GetProperty("push").GetProperty("pub");

        return !line.Span.ContainsAny("\r\n"u8) && Payloads.FormOf(payload) switch
        {
            PayloadForm.Json => publication.GetProperty("data").GetRawText() == Encoding.UTF8.GetString(payload).Trim().Replace('\n', ' ').Replace('\r', ' '),
            PayloadForm.Text => publication.GetProperty("data").GetString() == Encoding.UTF8.GetString(payload),
            _ => publication.GetProperty("tags").GetProperty("encoding").GetString() == "base64" && payload.AsSpan().SequenceEqual(publication.GetProperty("data").GetBytesFromBase64()),
        };
    }));

    [Fact]
    public void Json_goes_out_as_it_is_but_for_line_breaks() => Check.One(Fixed, Prop.ForAll(Arb.From(AnyJson), json =>
    {
        var line = Encoding.UTF8.GetString(Pushed("c", Encoding.UTF8.GetBytes(json)).Span);
        return line.Contains(json.Replace('\n', ' ').Replace('\r', ' '), StringComparison.Ordinal);
    }));

    [Fact]
    public void What_a_client_publishes_is_what_others_get() => Check.One(Fixed, Prop.ForAll(Arb.From(AnyJson), json =>
    {
        var frame = Encoding.UTF8.GetBytes($$"""{"publish":{"channel":"c","data":{{json}}},"id":1}""");
        return JsonReader.TryRead(frame, 1, out var commands, out _) && Encoding.UTF8.GetString(((Publish)commands[0]).Data.Span) == json.Trim();
    }));

    [Fact]
    public void Any_channel_name_comes_back() => Check.One(Fixed, Prop.ForAll(Arb.From(AnyText), channel =>
    {
        using var push = JsonDocument.Parse(Pushed("broadcast:" + channel, [1]));
        return push.RootElement.GetProperty("push").GetProperty("channel").GetString() == "broadcast:" + channel;
    }));

    private static Gen<string> AnyText =>
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get + "é☕𝄞\u2028\"\\\n")));

    private static Gen<byte[]> AnyBytes => Gen.OneOf(
        Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>()),
        AnyText.Select(Encoding.UTF8.GetBytes),
        AnyJson.Select(Encoding.UTF8.GetBytes));

    private static Gen<string> AnyJson => Gen.Sized(size => Json(Math.Min(size, 12)));

    private static Gen<string> Space => Gen.Elements("", " ", "\n", "\r\n\t");

    private static Gen<string> Json(int size)
    {
        var simple = Gen.OneOf(
            Gen.Elements("null", "true", "false", "0", "-1.5e+10", "1E400", "\"\\ud800\"", "{}", "[]"),
            AnyText.Select(text => JsonSerializer.Serialize(text)));
        if (size == 0) return simple;

        var spaced = from before in Space from value in Json(size / 3) from after in Space select before + value + after;
        return Gen.OneOf(
            simple,
            spaced,
            Gen.ArrayOf(spaced, 3).Select(values => $"[{string.Join(',', values)}]"),
            from name in AnyText from value in spaced select $"{{{JsonSerializer.Serialize(name)}:{value}}}");
    }

    private static ReadOnlyMemory<byte> Pushed(string channel, byte[] payload)
    {
        JsonWriter.Mine.PushPublication(channel, new Publication(ChannelName.Broadcast("x"), new StreamPosition("e", 1), payload), withOffset: true);
        return JsonWriter.Mine.Written.ToArray();
    }
}
