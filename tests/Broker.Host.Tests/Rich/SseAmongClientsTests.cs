using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Serving;
using Broker.Host.Tests.Clients;

namespace Broker.Host.Tests.Rich;

/// <summary>Event streams are clients as the others are: listed, counted, closed, limited.</summary>
public sealed class SseAmongClientsTests
{
    private const string Settings = $"{Gates.Key}, {ClientServer.Open}, api-key = k, presence = on";

    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Fact]
    public async Task A_stream_is_listed_counted_and_closed_with_the_code_that_was_asked_for()
    {
        await using var server = await ClientServer.StartAsync(Settings);
        await using var johns = await OpenAsync(server, "broadcast:news", new { sub = "john", jti = "t-1" });
        await using var marys = await OpenAsync(server, "broadcast:news", new { sub = "mary" });

        var found = Assert.Single((await server.Node.Server.FindClientsAsync(new ClientFilter { User = "john" }, News)).Clients).Client;
        Assert.Equal((ConnectedClient.EventStream, "t-1", "page"), (found.Protocol, found.TokenId, found.Name));
        Assert.Equal([new ChannelCount("broadcast:news", 2)], (await server.Node.Server.FindChannelsAsync()).Channels);
        Assert.Equal(2, Assert.Single(await server.Node.Server.LookAtNodesAsync()).Clients);
        Assert.Equal(2, (await server.Node.Server.ReadPresenceStatsAsync(News)).Clients);
        using var http = server.Http();
        http.DefaultRequestHeaders.Add("X-API-Key", "k");
        var listed = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/connections?user=john", UriKind.Relative))).RootElement;
        Assert.Equal("uni_sse", listed.GetProperty("result").GetProperty("connections").GetProperty(found.Client).GetProperty("transport").GetString());

        using var order = new StringContent("""{"user":"john","disconnect":{"code":4200,"reason":"later"}}""", Encoding.UTF8);
        using var answer = await http.PostAsync(new Uri("/api/disconnect", UriKind.Relative), order);

        Assert.Equal(4200, await johns.EndAsync());
        await Eventually.IsTrueAsync(async () => (await server.Node.Server.ReadPresenceStatsAsync(News)).Clients == 1);
        Assert.Equal("mary", Assert.Single((await server.Node.Server.FindClientsAsync()).Clients).Client.User);
    }

    [Fact]
    public async Task A_stream_ends_with_its_one_channel_and_is_given_no_other()
    {
        await using var server = await ClientServer.StartAsync(Settings);
        await using var stream = await OpenAsync(server, "broadcast:news", new { sub = "john" });
        var john = new ClientFilter { User = "john" };

        Assert.Equal(0, await server.Node.Server.SubscribeAsync(john, ChannelName.Broadcast("other")));
        Assert.Equal(1, await server.Node.Server.RefreshAsync(john, DateTimeOffset.UtcNow.AddHours(1)));
        Assert.Equal(1, await server.Node.Server.UnsubscribeAsync(john, News));

        Assert.Contains("\"refresh\":{\"expires\":true", (await stream.NextAsync())!.Data, StringComparison.Ordinal);
        Assert.Equal(new("push", "", """{"push":{"channel":"broadcast:news","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"""), await stream.NextAsync());
        Assert.Equal(3503, await stream.EndAsync());
    }

    [Fact]
    public async Task A_subscription_token_that_is_over_ends_the_stream()
    {
        await using var server = await ClientServer.StartAsync($"{Gates.Key}\nrich.refresh-grace = 1h");
        var token = Jwt.Hs256(new { sub = "john", channel = "user:jane:x", exp = Jwt.In(TimeSpan.FromSeconds(2)) });
        await using var stream = await OpenAsync(server, "user:jane:x&channel_token=" + token, new { sub = "john" });

        Assert.Equal(3006, await stream.EndAsync());
    }

    [Fact]
    public async Task Streams_count_among_the_connections_of_a_user()
    {
        await using var server = await ClientServer.StartAsync($"{Settings}\nlimits.user-connections = 1");
        await using var first = await OpenAsync(server, "broadcast:news", new { sub = "john" });
        await using var second = await SseClient.OpenAsync(server, Query("broadcast:news", new { sub = "john" }));

        Assert.Equal(3504, await second.EndAsync());
        await server.Node.Publisher("news").PublishAsync("1");
        Assert.Equal("""{"data":1}""", (await first.NextAsync())!.Data);
    }

    [Fact]
    public async Task Where_the_channel_says_so_a_stream_is_not_given_what_its_own_instance_published_neither_live_nor_when_it_recovers()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}\nchannels = [{{ history {{ size = 10, ttl = 1m }}, exclude-publisher = on }}]");
        const string own = """channel=broadcast:news&cf_connect={"data":{"client":"tab-1"}}""";
        await using var stream = await SseClient.OpenAsync(server, own);
        var begin = (await stream.NextAsync())!.Id;
        using var socket = await server.OpenAsync("/connection/websocket");
        await socket.SendAsync("""{"id":1,"connect":{"data":{"client":"tab-1"}}}""");
        await socket.ReadAsync();

        await socket.SendAsync("""{"id":2,"publish":{"channel":"broadcast:news","data":"own"}}""");
        await socket.ReadAsync();
        await server.Node.Publisher("news").PublishAsync("\"other\"");

        Assert.Equal("""{"data":"other","offset":2}""", (await stream.NextAsync())!.Data);
        await using var back = await SseClient.OpenAsync(server, own, $"Last-Event-ID: {begin}");
        Assert.Contains("\"recovered\":true", (await back.NextAsync())!.Data, StringComparison.Ordinal);
        Assert.Equal("""{"data":"other","offset":2}""", (await back.NextAsync())!.Data);
    }

    [Fact]
    public async Task Of_a_cached_channel_a_stream_that_comes_back_is_given_the_newest()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}\nchannels = [{{ history {{ size = 1, ttl = 1m }}, recovery = cache }}]");
        for (var i = 1; i <= 3; i++) await server.Node.Publisher("news").PublishAsync($"{i}");

        await using var back = await SseClient.OpenAsync(server, "channel=broadcast:news", "Last-Event-ID: of-another-life:1");
        Assert.Contains("\"was_recovering\":true,\"recovered\":true", (await back.NextAsync())!.Data, StringComparison.Ordinal);
        var newest = await back.NextAsync();
        Assert.Equal("""{"data":3,"offset":3}""", newest!.Data);

        await using var again = await SseClient.OpenAsync(server, "channel=broadcast:news", $"Last-Event-ID: {newest.Id}");
        Assert.Contains("\"recovered\":true", (await again.NextAsync())!.Data, StringComparison.Ordinal);
        await server.Node.Publisher("news").PublishAsync("4");
        Assert.Equal("""{"data":4,"offset":4}""", (await again.NextAsync())!.Data);
    }

    [Fact]
    public async Task A_node_that_stops_sends_streams_away_in_paces_and_takes_no_more()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}\nshutdown {{ clients = 5, interval = 100ms, drain = 30s }}");
        var streams = new List<SseClient>();
        for (var i = 0; i < 25; i++) streams.Add(await SseClient.OpenAsync(server, "channel=broadcast:news"));
        foreach (var stream in streams) await stream.NextAsync();

        var clock = Stopwatch.StartNew();
        var ends = streams.Select(async stream =>
        {
            Assert.Equal(3001, await stream.EndAsync());
            return clock.Elapsed;
        }).ToArray();
        var stopping = server.Node.StopAsync();
        await using var late = await SseClient.OpenAsync(server, "channel=broadcast:news");
        Assert.Matches("^retry: [0-9]{4}$", await late.LineAsync());
        Assert.Null(await late.NextAsync());
        await stopping;

        // A busy machine makes it slower, never faster.
        var times = (await Task.WhenAll(ends)).Order().ToArray();
        for (var i = 0; i < times.Length; i++) Assert.True(times[i] >= TimeSpan.FromMilliseconds(i / 5 * 100), $"{i + 1} streams were ended after {times[i]}");
        foreach (var stream in streams) await stream.DisposeAsync();
    }

    /// <summary>A stream that has begun.</summary>
    private static async Task<SseClient> OpenAsync(ClientServer server, string channel, object claims)
    {
        var stream = await SseClient.OpenAsync(server, Query(channel, claims));
        Assert.Equal("subscribed", (await stream.NextAsync())!.Name);
        return stream;
    }

    private static string Query(string channel, object claims) => $"channel={channel}&cf_connect={{\"token\":\"{Jwt.Hs256(claims)}\",\"name\":\"page\"}}";
}
