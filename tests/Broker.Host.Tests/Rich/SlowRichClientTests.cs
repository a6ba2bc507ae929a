using System.Globalization;
using System.Text.Json;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.Rich;

/// <summary>Rich clients that stop reading until more waits for them than may, on real sockets: what the kernel takes is some megabytes.</summary>
public sealed class SlowRichClientTests() : SlowReaderTest(Settings)
{
    private const string Settings = $$"""
        {{ClientServer.Open}}, {{Gates.Key}}, presence = on, outbox = 64KiB, websocket.close-timeout = 60s, rich.ping-interval = 1h
        history { "orders" { size = 10000, ttl = 10m } }
        outbox-policy { "gps" = conflate, "orders" = conflate }
        """;

    [Fact]
    public async Task Without_positions_the_newest_comes_last_and_answers_and_joins_are_never_dropped()
    {
        using var client = await ConnectAsync("");
        await SendAsync(client, """{"id":2,"subscribe":{"channel":"broadcast:gps","join_leave":true}}""");
        Assert.Equal(2, Reply(await ReadAsync(client)));

        var (published, asked) = (0, 0);
        for (; await ConflatedAsync() < 100; published++)
        {
            await PublishAsync("gps", published);
            if (published % 10 == 0) await SendAsync(client, $$$"""{"id":{{{100 + asked++}}},"presence_stats":{"channel":"broadcast:gps"}}""");
        }

        using var other = await ConnectAsync("");
        await SendAsync(other, """{"id":2,"subscribe":{"channel":"broadcast:gps"}}""");
        Assert.Equal(2, Reply(await ReadAsync(other)));

        var (numbers, answers, joins) = (new List<int>(), new List<int>(), 0);
        while (numbers is [] || numbers[^1] < published - 1 || answers.Count < asked || joins < 2)
        {
            var line = await ReadAsync(client);
            if (Publication(line) is { } number) numbers.Add(number);
            else if (Reply(line) is { } id) answers.Add(id);
            else if (line.GetProperty("push").TryGetProperty("join", out _)) joins++;
        }

        Assert.Equal(numbers.Order().Distinct(), numbers);
        Assert.Equal(Enumerable.Range(100, asked), answers);
        Assert.Equal(published, numbers.Count + await ConflatedAsync());
        Assert.Equal(2, await MetricAsync("broker_connections"));
    }

    [Fact]
    public async Task With_positions_the_client_is_told_to_subscribe_again_and_recovers_all_of_it()
    {
        using var client = await ConnectAsync("");
        await SendAsync(client, """{"id":2,"subscribe":{"channel":"broadcast:orders"}}""");
        var epoch = (await ReadAsync(client)).GetProperty("subscribe").GetProperty("epoch").GetString();

        var published = 0;
        while (await ConflatedAsync() == 0) await PublishAsync("orders", ++published);
        await PublishAsync("orders", ++published);

        var read = 0;
        var line = await ReadAsync(client);
        for (; Publication(line) is { } number; line = await ReadAsync(client)) Assert.Equal(++read, number);
        Assert.Equal("""{"push":{"channel":"broadcast:orders","unsubscribe":{"code":2500,"reason":"insufficient state"}}}""", line.GetRawText());

        await SendAsync(client, $$$"""{"id":3,"subscribe":{"channel":"broadcast:orders","recover":true,"epoch":"{{{epoch}}}","offset":{{{read}}}}}""");
        var again = (await ReadAsync(client)).GetProperty("subscribe");
        await PublishAsync("orders", ++published);

        Assert.True(again.GetProperty("recovered").GetBoolean());
        var recovered = again.GetProperty("publications").EnumerateArray().Select(NumberIn).ToArray();
        Assert.Equal(Enumerable.Range(read + 1, published - 1 - read), recovered);
        Assert.Equal(published, Publication(await ReadAsync(client)));
    }

    [Fact]
    public async Task What_the_server_has_subscribed_is_recovered_by_connecting_again()
    {
        using var client = await ConnectAsync($"\"token\":\"{Jwt.Hs256(new { sub = "john", channels = new[] { "broadcast:orders" } })}\"");

        var published = 0;
        while (await ConflatedAsync() == 0) await PublishAsync("orders", ++published);

        var frame = await client.ReadFrameAsync();
        for (var number = 1; frame.Opcode != Opcode.Close; number++, frame = await client.ReadFrameAsync()) Assert.Equal(number, Publication(Line(frame)));
        Assert.Equal(3010, frame.CloseCode);
    }

    [Fact]
    public async Task A_client_of_a_channel_that_does_not_conflate_is_closed_as_slow()
    {
        using var client = await ConnectAsync("");
        await SendAsync(client, """{"id":2,"subscribe":{"channel":"broadcast:news"}}""");

        Assert.Equal(2, Reply(await ReadAsync(client)));

        // Twenty megabytes: more than waits anywhere on the way.
        for (var number = 1; number <= 1000; number++) await PublishAsync("news", number);

        var frame = await client.ReadFrameAsync();
        for (var number = 1; frame.Opcode != Opcode.Close; number++, frame = await client.ReadFrameAsync()) Assert.Equal(number, Publication(Line(frame)));
        Assert.Equal(3008, frame.CloseCode);
        Assert.Equal(0, await ConflatedAsync());
    }

    private async Task<RawClient> ConnectAsync(string with)
    {
        var client = await RawClient.OpenAsync(Server.Port, receiveBuffer: 4096, "/connection/websocket");
        await SendAsync(client, $"{{\"id\":1,\"connect\":{{{with}}}}}");
        Assert.Equal(1, Reply(await ReadAsync(client)));
        return client;
    }

    private static Task SendAsync(RawClient client, string line) => client.SendAsync(ClientFrames.Text(line));

    private static async Task<JsonElement> ReadAsync(RawClient client) => Line(await client.ReadFrameAsync());

    private static JsonElement Line(ServerFrame frame)
    {
        Assert.Equal(Opcode.Text, frame.Opcode);
        return JsonDocument.Parse(frame.Text).RootElement;
    }

    private static int? Reply(JsonElement line) => line.TryGetProperty("id", out var id) ? id.GetInt32() : null;

    private static int? Publication(JsonElement line) => line.TryGetProperty("push", out var push) && push.TryGetProperty("pub", out var publication) ? NumberIn(publication) : null;

    private static int NumberIn(JsonElement publication) => int.Parse(publication.GetProperty("data").GetString()!.TrimEnd('.'), CultureInfo.InvariantCulture);
}
