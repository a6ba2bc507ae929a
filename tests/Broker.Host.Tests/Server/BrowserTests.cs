using Broker.Testing.Redis;
using Microsoft.Playwright;

namespace Broker.Host.Tests.Server;

/// <summary>The demo page in a real browser, against the server as a process.</summary>
public sealed class BrowserTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Demo = "broker.websocket { heartbeat = \"--heartbeat--\", heartbeat-interval = 1s }";

    [Fact]
    public async Task What_is_typed_in_one_tab_appears_in_the_other()
    {
        await using var server = await StartAsync();
        await using var user = await chromium.NewUserAsync();
        var one = await DemoPage.OpenAsync(user, server.Address);
        var other = await DemoPage.OpenAsync(user, server.Address);
        await one.IsConnectedAsync();
        await other.IsConnectedAsync();

        await one.SayAsync("broadcast", "hello from one");
        await other.ShowsAsync("broadcast", "hello from one");
        await other.SayAsync("broadcast", "hello <b>back</b>");

        await one.ShowsAsync("broadcast", "hello from one", "hello <b>back</b>");
        await one.ShowsHeartbeatAsync();
        await one.ScreenshotAsync("two-tabs");
        Assert.Empty(one.Problems.Concat(other.Problems));
    }

    [Fact]
    public async Task Who_logs_in_talks_with_the_own_group_and_the_own_tabs()
    {
        await using var server = await StartAsync();
        await using var john = await chromium.NewUserAsync();
        await using var mary = await chromium.NewUserAsync();
        var johns = await DemoPage.OpenAsync(john, server.Address);
        var marys = await DemoPage.OpenAsync(mary, server.Address);
        await johns.LogInAsync("john");
        await marys.LogInAsync("mary");
        var johnsSecond = await DemoPage.OpenAsync(john, server.Address);
        foreach (var page in new[] { johns, marys, johnsSecond }) await page.IsConnectedAsync();

        await johns.SayAsync("group", "to the chatters");
        await johns.SayAsync("user", "to myself");
        await johns.SayAsync("session", "to this browser");

        await marys.ShowsAsync("group", "to the chatters");
        await johnsSecond.ShowsAsync("user", "to myself");
        await johnsSecond.ShowsAsync("session", "to this browser");
        await marys.ShowsAsync("user");
        await johns.ScreenshotAsync("logged-in");
        Assert.Empty(johns.Problems.Concat(marys.Problems).Concat(johnsSecond.Problems));
    }

    [Fact]
    public async Task The_page_comes_back_by_itself_over_a_restart_of_the_broker_and_of_redis()
    {
        await using var redis = await RedisServer.StartAsync();
        var server = await StartAsync(RedisServer.FreePort(), redis);
        try
        {
            await using var user = await chromium.NewUserAsync();
            var one = await DemoPage.OpenAsync(user, server.Address);
            var other = await DemoPage.OpenAsync(user, server.Address);
            await one.IsConnectedAsync();
            await other.IsConnectedAsync();
            await one.SayAsync("broadcast", "before");
            await other.ShowsAsync("broadcast", "before");

            // The broker restarts; meanwhile somebody else publishes. The pages are given it on their return.
            var port = server.Port;
            await server.DisposeAsync();
            await one.ShowsStateAsync("reconnecting");
            await one.ScreenshotAsync("reconnecting");
            await redis.CliAsync("SETEX", "broadcast:chat", "3600", "meanwhile");
            server = await StartAsync(port, redis);
            await one.IsConnectedAsync();
            await other.IsConnectedAsync();
            await one.ShowsAsync("broadcast", "before", "meanwhile");
            await other.ShowsAsync("broadcast", "before", "meanwhile");

            // Redis restarts, empty: the connections stay, and what is said afterwards arrives.
            redis.Kill();
            await redis.RestartAsync();
            await Eventually.IsTrueAsync(() => IsReadyAsync(server));
            await one.SayAsync("broadcast", "after");
            await other.ShowsAsync("broadcast", "before", "meanwhile", "after");
            await one.ShowsStateAsync("connected");
            await other.ScreenshotAsync("after-restarts");
            Assert.Empty(one.Problems.Concat(other.Problems));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task In_the_sample_application_users_talk_under_their_names_and_the_server_notifies_one()
    {
        var application = new SampleApplication();
        await application.InitializeAsync();
        await using var server = application.Process;
        await using var boss = await chromium.NewUserAsync();
        await using var john = await chromium.NewUserAsync();
        var bosss = await LogInToSampleAsync(boss, server, "boss");
        var johns = await LogInToSampleAsync(john, server, "john");

        await johns.Locator("#text").FillAsync("hello");
        await johns.Locator("#say button").ClickAsync();
        await Assertions.Expect(bosss.Locator("#messages li")).ToHaveTextAsync(["john: hello"]);
        await Assertions.Expect(johns.Locator("#messages li")).ToHaveTextAsync(["john: hello"]);

        await bosss.Locator("#notice").FillAsync("come and see me");
        await bosss.Locator("#notify button").ClickAsync();
        await Assertions.Expect(johns.Locator("#notices li")).ToHaveTextAsync(["come and see me"]);
        await johns.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "artifacts/screenshots/sample.png") });
    }

    private static async Task<IPage> LogInToSampleAsync(IBrowserContext user, ServerProcess server, string name)
    {
        var page = await user.NewPageAsync();
        await page.GotoAsync(server.Address + "/");
        await page.Locator("#user").SelectOptionAsync(name);
        await page.Locator("#login button").ClickAsync();
        await Assertions.Expect(page.Locator("#me")).ToHaveTextAsync(name, new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("connected", new() { Timeout = 30_000 });
        return page;
    }

    private static Task<ServerProcess> StartAsync(int port = 0, RedisServer? redis = null) =>
        ServerProcess.StartOnAsync(port, Demo, ("ASPNETCORE_ENVIRONMENT", "Development"), ("BROKER_REDIS", redis?.ConnectionString ?? ""));

    private static async Task<bool> IsReadyAsync(ServerProcess server)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(server.Address + "/health/ready"));
        return answer.IsSuccessStatusCode;
    }
}
