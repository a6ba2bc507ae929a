using System.Text.Json;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.Server;
using Microsoft.Playwright;

namespace Broker.Host.Tests.Rich;

/// <summary>The EventSource of a real browser: nothing of it is Broker's own.</summary>
public sealed class EventSourceTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const int Last = 90;

    private const string Script = """
        (url) => {
          window.seen = { numbers: [], begun: [], opened: 0, pushes: [] };
          window.source = new EventSource(url);
          source.onopen = () => seen.opened++;
          source.addEventListener('subscribed', (e) => seen.begun.push([JSON.parse(e.data).recovered, e.lastEventId.length > 0]));
          source.addEventListener('push', (e) => seen.pushes.push(JSON.parse(e.data).push));
          source.onmessage = (e) => seen.numbers.push(JSON.parse(e.data).data);
        }
        """;

    [Fact]
    public async Task Cut_off_it_comes_back_with_its_last_event_and_has_everything_once_and_in_order()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nhistory { \"numbers\" { size = 1000, ttl = 5m } }");
        using var cable = new Cable(server.Port);
        await using var user = await chromium.NewUserAsync();
        var page = await OpenAsync(user, cable, "broadcast:numbers");
        await page.WaitForFunctionAsync("() => seen.begun.length === 1");

        // A third while it is there, a third that it misses in part or whole, and the rest when it is back.
        await PublishAsync(server, 1, 30);
        await page.WaitForFunctionAsync("() => seen.numbers.length >= 15");
        cable.Cut();
        await PublishAsync(server, 31, 60);
        await page.WaitForFunctionAsync("() => seen.begun.length === 2");
        cable.Cut();
        await page.WaitForFunctionAsync("() => seen.begun.length === 3");
        await PublishAsync(server, 61, Last);
        await page.WaitForFunctionAsync($"() => seen.numbers.includes({Last})");

        var seen = await SeenAsync(page);
        Assert.Equal(Enumerable.Range(1, Last), seen.GetProperty("numbers").EnumerateArray().Select(number => number.GetInt32()));
        Assert.Equal("[[false,true],[true,true],[true,true]]", seen.GetProperty("begun").GetRawText());
    }

    [Fact]
    public async Task Sent_away_it_comes_back_and_whose_token_counts_no_more_it_does_not()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}, {Gates.Key}");
        using var cable = new Cable(server.Port);
        await using var user = await chromium.NewUserAsync();
        var page = await OpenAsync(user, cable, "broadcast:news&token=" + Jwt.Hs256(new { sub = "john", jti = "t-1" }));
        await page.WaitForFunctionAsync("() => seen.begun.length === 1");

        Assert.Equal(1, await server.Node.Server.DisconnectAsync(new() { User = "john" }, 3011, "force reconnect"));
        await page.WaitForFunctionAsync("() => seen.begun.length === 2");
        Assert.Equal(1, await server.Node.Server.RevokeTokenAsync("t-1"));
        await page.WaitForFunctionAsync("() => source.readyState === EventSource.CLOSED");

        Assert.Equal([3011, 3014], (await SeenAsync(page)).GetProperty("pushes").EnumerateArray().Select(push => push.GetProperty("disconnect").GetProperty("code").GetInt32()));
    }

    private static async Task<IPage> OpenAsync(IBrowserContext user, Cable cable, string channel)
    {
        var page = await user.NewPageAsync();
        await page.GotoAsync($"http://127.0.0.1:{cable.Port}/health/live");
        await page.EvaluateAsync(Script, $"/connection/uni_sse?channel={channel}");
        return page;
    }

    private static async Task<JsonElement> SeenAsync(IPage page) => JsonDocument.Parse(await page.EvaluateAsync<string>("() => JSON.stringify(seen)")).RootElement;

    private static async Task PublishAsync(ClientServer server, int from, int to)
    {
        for (var number = from; number <= to; number++) await server.Node.Publisher("numbers").PublishAsync($"{number}");
    }
}
