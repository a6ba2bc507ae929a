using System.Text.Json;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Rich;

/// <summary>A client comes back with a position: all that it missed, or the word that it cannot be.</summary>
public sealed class RecoveryTests
{
    private const string News = "broadcast:news";
    private const string Ten = "history { \"*\" { size = 10, ttl = 10m } }";

    /// <summary>What the client says, of a channel on which twenty were published and the last ten are kept; and what it is told.</summary>
    public static TheoryData<string, string, long, bool, bool, int> Matrix()
    {
        var matrix = new TheoryData<string, string, long, bool, bool, int>();
        foreach (var live in new[] { false, true })
        {
            matrix.Add("kept", "same", 15, live, true, 5);
            matrix.Add("kept", "same", 10, live, true, 10);
            matrix.Add("kept", "same", 20, live, true, 0);
            matrix.Add("kept", "same", 9, live, false, 0);
            matrix.Add("kept", "same", 0, live, false, 0);
            matrix.Add("kept", "same", 21_000, live, false, 0);
            matrix.Add("kept", "other", 15, live, false, 0);
            matrix.Add("kept", "other", 20, live, false, 0);
            matrix.Add("kept", "none", 15, live, true, 5);
            matrix.Add("kept", "none", 9, live, false, 0);
            matrix.Add("expired", "same", 20, live, true, 0);
            matrix.Add("expired", "same", 19, live, false, 0);
            matrix.Add("expired", "other", 20, live, false, 0);
            matrix.Add("off", "same", 20, live, false, 0);
            matrix.Add("off", "other", 20, live, false, 0);
            matrix.Add("cache", "same", 20, live, true, 0);
            matrix.Add("cache", "same", 3, live, true, 1);
            matrix.Add("cache", "other", 20, live, true, 1);
        }

        return matrix;
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task What_is_recovered(string history, string epoch, long offset, bool withLive, bool recovered, int missed)
    {
        await using var test = await TestNode.StartAsync(history switch
        {
            "off" => "",
            "expired" => "history { \"*\" { size = 10, ttl = 1ms } }",
            "cache" => $"{Ten}, channels = [ {{ recovery = cache }} ]",
            _ => Ten,
        });
        var epochNow = await PublishAsync(test, 1..20);
        if (history == "expired") await TestNode.UntilAsync(() => test.StreamAsync(ChannelName.Broadcast("news")).Result.Count == 0, "the end of the history");
        var client = await RichClient.ConnectAsync(test);
        var said = epoch switch { "same" => epochNow, "none" => "", _ => "other" };

        var live = withLive ? PublishAsync(test, 21..60) : Task.FromResult("");
        var answer = await client.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\",\"recover\":true,\"epoch\":\"{said}\",\"offset\":{offset}}}");
        await live;

        var result = answer.GetProperty("subscribe");
        var given = Given(result);
        var whole = result.TryGetProperty("recovered", out var flag) && flag.GetBoolean();
        Assert.True(result.GetProperty("was_recovering").GetBoolean());

        // What is published meanwhile may push the oldest out of the history before it is read, or be the first that is too much.
        if (!withLive || !recovered) Assert.Equal(recovered, whole);
        if (!withLive) Assert.Equal(missed, given.Count);
        if (!whole) Assert.Empty(given);

        // On a busy machine all of those have been published before the client joins: one more comes live for certain.
        if (withLive)
        {
            await PublishAsync(test, 61..61);
            await TestNode.UntilAsync(() => client.Publications.Contains("61"), "the last one");
        }

        var all = given.Concat(client.Publications.Select(int.Parse)).ToArray();
        if (all.Length > 0) Assert.Equal(Enumerable.Range(all[0], all.Length), all);
        if (whole && history != "cache" && all.Length > 0) Assert.Equal(offset + 1, all[0]);
        if (history != "off") Assert.Equal(epochNow, result.GetProperty("epoch").GetString());
        else Assert.False(result.TryGetProperty("epoch", out _));
    }

    [Fact]
    public async Task Who_publishes_is_left_out_live_and_recovered_by_its_stable_origin()
    {
        await using var test = await TestNode.StartAsync($"{Ten}, channels = [ {{ exclude-publisher = on }} ]");
        var gate = new TestGate { Origin = "tab-1" };
        var first = await RichClient.ConnectAsync(test, gate);
        var result = (await first.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\"}}")).GetProperty("subscribe");

        await first.AskAsync($"\"publish\":{{\"channel\":\"{News}\",\"data\":1}}");
        await PublishAsync(test, 2..3);
        await first.UntilPublicationsAsync(2);
        var second = await RichClient.ConnectAsync(test, gate);
        var again = (await second.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\",\"recover\":true,\"epoch\":\"{result.GetProperty("epoch").GetString()}\"}}")).GetProperty("subscribe");

        Assert.Equal(["2", "3"], first.Publications);
        Assert.True(again.GetProperty("recovered").GetBoolean());
        Assert.Equal([2, 3], Given(again));
    }

    [Fact]
    public async Task A_repeated_publish_id_is_taken_once()
    {
        await using var test = await TestNode.StartAsync(Ten);
        var client = await RichClient.ConnectAsync(test, new TestGate { User = "john" });

        for (var i = 0; i < 2; i++) await client.AskAsync($"\"publish\":{{\"channel\":\"{News}\",\"data\":1,\"idempotency_key\":\"k\"}}");
        await (await RichClient.ConnectAsync(test, new TestGate { User = "jane" })).AskAsync($"\"publish\":{{\"channel\":\"{News}\",\"data\":1,\"idempotency_key\":\"k\"}}");

        Assert.Equal(2, (await test.StreamAsync(ChannelName.Broadcast("news"))).Count);
    }

    [Fact]
    public async Task History_is_read_forwards_backwards_and_from_a_position()
    {
        await using var test = await TestNode.StartAsync(Ten);
        var epoch = await PublishAsync(test, 1..12);
        var client = await RichClient.ConnectAsync(test);

        async Task<JsonElement> ReadAsync(string what) => await client.AskAsync($"\"history\":{{\"channel\":\"{News}\",{what}}}");

        var top = (await ReadAsync("\"limit\":0")).GetProperty("history");
        Assert.Equal((12, epoch, 0), (top.GetProperty("offset").GetInt64(), top.GetProperty("epoch").GetString(), Given(top).Count));
        Assert.Equal(Enumerable.Range(3, 10), Given((await ReadAsync("\"limit\":-1")).GetProperty("history")));
        Assert.Equal([12, 11], Given((await ReadAsync("\"limit\":2,\"reverse\":true")).GetProperty("history")));
        Assert.Equal([6, 7], Given((await ReadAsync($"\"limit\":2,\"since\":{{\"offset\":5,\"epoch\":\"{epoch}\"}}")).GetProperty("history")));
        Assert.Equal([4, 3], Given((await ReadAsync($"\"limit\":9,\"reverse\":true,\"since\":{{\"offset\":5,\"epoch\":\"{epoch}\"}}")).GetProperty("history")));
        Assert.Equal(112, RichClient.ErrorOf(await ReadAsync("\"limit\":2,\"since\":{\"offset\":5,\"epoch\":\"other\"}")));
    }

    private static IReadOnlyList<int> Given(JsonElement result) =>
        result.TryGetProperty("publications", out var publications) ? [.. publications.EnumerateArray().Select(publication => publication.GetProperty("data").GetInt32())] : [];

    /// <summary>Returns the epoch.</summary>
    private static async Task<string> PublishAsync(TestNode test, Range numbers)
    {
        StreamPosition? position = null;
        for (var number = numbers.Start.Value; number <= numbers.End.Value; number++)
            position = (await test.Node.Publisher("news", Audience.Broadcast).PublishAsync($"{number}"))[0].Position;
        return position?.Epoch ?? "same";
    }
}
