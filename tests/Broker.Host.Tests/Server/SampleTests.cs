using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;

namespace Broker.Host.Tests.Server;

/// <summary>The sample application as a process: log-in by cookie, its own policy, its own publish handler, notices from the server.</summary>
public sealed class SampleTests(SampleApplication application) : IClassFixture<SampleApplication>
{
    private readonly ServerProcess _app = application.Process;

    [Fact]
    public async Task Its_own_page_stands_beside_brokers_addresses()
    {
        using var http = new HttpClient { BaseAddress = new Uri(_app.Address) };

        Assert.Contains("<title>Broker inside an application</title>", await http.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.Contains("WS4Redis", await http.GetStringAsync("/broker.js"), StringComparison.Ordinal);
        Assert.Contains("\"heartbeat\":\"--heartbeat--\"", await http.GetStringAsync("/broker-config.js"), StringComparison.Ordinal);
        Assert.Equal("ready\n", await http.GetStringAsync("/health/ready"));
    }

    [Fact]
    public async Task What_users_say_carries_their_name_and_bad_words_are_refused()
    {
        using var john = await LogInAsync("john");
        using var mary = await LogInAsync("mary");
        using var johns = await john.OpenAsync("room-1?subscribe-broadcast&publish-broadcast");
        using var marys = await mary.OpenAsync("room-1?subscribe-broadcast&publish-broadcast");

        await SendAsync(johns, "this is SPAM");
        await SendAsync(johns, "hello");

        Assert.Equal("""{"from":"john","text":"hello"}""", await ReceiveAsync(marys));
    }

    [Theory]
    [InlineData(null, "room-1?subscribe-broadcast", HttpStatusCode.Forbidden)]
    [InlineData("john", "room-staff?subscribe-broadcast", HttpStatusCode.Forbidden)]
    [InlineData("john", "elsewhere?subscribe-broadcast", HttpStatusCode.Forbidden)]
    [InlineData("boss", "room-staff?subscribe-broadcast", HttpStatusCode.SwitchingProtocols)]
    [InlineData("john", "notices?subscribe-user", HttpStatusCode.SwitchingProtocols)]
    public async Task Its_policy_decides_who_comes_in(string? user, string address, HttpStatusCode expected)
    {
        using var browser = user is null ? new Browser(_app) : await LogInAsync(user);

        Assert.Equal(expected, await browser.TryAsync(address));
    }

    [Fact]
    public async Task The_staff_notifies_a_user_through_the_server_and_others_may_not()
    {
        using var boss = await LogInAsync("boss");
        using var john = await LogInAsync("john");
        using var mary = await LogInAsync("mary");
        using var notices = await john.OpenAsync("notices?subscribe-user");
        using var others = await mary.OpenAsync("notices?subscribe-user");

        Assert.Equal(HttpStatusCode.Forbidden, await mary.NotifyAsync("john", "not by mary"));
        Assert.Equal(HttpStatusCode.NoContent, await boss.NotifyAsync("john", "for john"));
        Assert.Equal(HttpStatusCode.NoContent, await boss.NotifyAsync("mary", "for mary"));

        Assert.Equal("for john", await ReceiveAsync(notices));
        Assert.Equal("for mary", await ReceiveAsync(others));
    }

    private async Task<Browser> LogInAsync(string user)
    {
        var browser = new Browser(_app);
        using var answer = await browser.Http.PostAsJsonAsync("/login", new { user });
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        return browser;
    }

    private static Task SendAsync(ClientWebSocket client, string text) => client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);

    private static async Task<string> ReceiveAsync(ClientWebSocket client)
    {
        var buffer = new byte[1024];
        while (true)
        {
            var received = await client.ReceiveAsync(buffer, default).WaitAsync(TimeSpan.FromSeconds(20));
            var text = Encoding.UTF8.GetString(buffer, 0, received.Count);
            if (text != "--heartbeat--") return text;
        }
    }

    /// <summary>Cookies, HTTP and websockets of one user.</summary>
    private sealed class Browser(ServerProcess app) : IDisposable
    {
        private readonly CookieContainer _cookies = new();
        private HttpClient? _http;

        public HttpClient Http => _http ??= new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies }) { BaseAddress = new Uri(app.Address) };

        public async Task<ClientWebSocket> OpenAsync(string address)
        {
            var client = Client();
            await client.ConnectAsync(Address(address), default);
            return client;
        }

        public async Task<HttpStatusCode> TryAsync(string address)
        {
            using var client = Client();
            client.Options.CollectHttpResponseDetails = true;
            try
            {
                await client.ConnectAsync(Address(address), default);
            }
            catch (WebSocketException)
            {
            }

            return client.HttpStatusCode;
        }

        public async Task<HttpStatusCode> NotifyAsync(string user, string text)
        {
            using var answer = await Http.PostAsJsonAsync("/notify", new { user, text });
            return answer.StatusCode;
        }

        public void Dispose() => _http?.Dispose();

        private ClientWebSocket Client() => new() { Options = { Cookies = _cookies } };

        private Uri Address(string address) => new($"ws://127.0.0.1:{app.Port}/ws/{address}");
    }
}
