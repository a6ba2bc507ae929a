using Microsoft.Playwright;

namespace Broker.Host.Tests.Server;

/// <summary>The demo page in one tab.</summary>
internal sealed class DemoPage
{
    private readonly IPage _page;
    private readonly List<string> _problems = [];

    private DemoPage(IPage page)
    {
        _page = page;
        // A websocket that cannot connect is told on the console as well; what else is said there is a defect of the page.
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !message.Text.Contains("WebSocket connection to", StringComparison.Ordinal)) _problems.Add(message.Text);
        };
        page.PageError += (_, error) => _problems.Add(error);
    }

    /// <summary>What the browser complained about: scripts that threw, what the content security policy forbade.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public static async Task<DemoPage> OpenAsync(IBrowserContext user, string address, string facility = "chat")
    {
        var page = new DemoPage(await user.NewPageAsync());
        await page._page.GotoAsync($"{address}/?facility={facility}");
        return page;
    }

    /// <summary>Waits until all panels that the user may have are connected, or until the page says otherwise.</summary>
    public Task ShowsStateAsync(string state) => _page.Locator($"#state[data-state='{state}']").WaitForAsync();

    public Task IsConnectedAsync() => Assertions.Expect(_page.Locator("#state")).ToHaveTextAsync("connected", new() { Timeout = 60_000 });

    public async Task LogInAsync(string user)
    {
        await _page.BringToFrontAsync();
        await _page.GetByTestId("user").SelectOptionAsync(user);
        await _page.GetByTestId("login").ClickAsync();
        await Assertions.Expect(_page.GetByTestId("whoami")).ToHaveTextAsync(user);
    }

    public async Task SayAsync(string audience, string text)
    {
        // A tab in the background is not painted, and what is not painted cannot be clicked.
        await _page.BringToFrontAsync();
        var panel = _page.Locator($"[data-audience='{audience}']");
        await panel.Locator("input").FillAsync(text);
        await panel.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
    }

    /// <summary>Waits until the panel shows just these messages, in this order.</summary>
    public Task ShowsAsync(string audience, params string[] texts) =>
        Assertions.Expect(_page.Locator($"[data-audience='{audience}'] .messages li .text")).ToHaveTextAsync(texts, new() { Timeout = 30_000 });

    public Task ShowsHeartbeatAsync() => Assertions.Expect(_page.Locator("[data-audience='broadcast'] .status-text")).ToContainTextAsync("s ago", new() { Timeout = 30_000 });

    public async Task ScreenshotAsync(string name)
    {
        await _page.BringToFrontAsync();
        await _page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "artifacts", "screenshots", name + ".png"), FullPage = true });
    }
}
