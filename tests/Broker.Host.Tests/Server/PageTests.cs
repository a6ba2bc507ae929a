using System.Net;
using System.Net.WebSockets;
using System.Text.Json;

namespace Broker.Host.Tests.Server;

public sealed class PageTests
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'";

    [Theory]
    [InlineData("/", "text/html; charset=utf-8")]
    [InlineData("/page.js", "text/javascript; charset=utf-8")]
    [InlineData("/panel.js", "text/javascript; charset=utf-8")]
    [InlineData("/page.css", "text/css; charset=utf-8")]
    [InlineData("/icon.svg", "image/svg+xml")]
    [InlineData("/broker.js", "text/javascript; charset=utf-8")]
    [InlineData("/broker.mjs", "text/javascript; charset=utf-8")]
    [InlineData("/broker.d.ts", "text/plain; charset=utf-8")]
    [InlineData("/broker.d.mts", "text/plain; charset=utf-8")]
    public async Task Files_come_with_their_type_and_what_keeps_a_browser_strict(string path, string type)
    {
        await using var server = await LocalServer.StartAsync();

        using var answer = await server.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(Policy, answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        var file = path == "/" ? "index.html" : path[1..];
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "src/Broker.Host/wwwroot", file)), await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_browser_that_has_a_file_is_told_that_it_still_holds()
    {
        await using var server = await LocalServer.StartAsync();
        using var first = await server.Client.GetAsync("/broker.js");

        using var request = new HttpRequestMessage(HttpMethod.Get, "/broker.js");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task The_library_may_be_loaded_by_pages_of_other_origins_and_the_configuration_may_not()
    {
        await using var server = await LocalServer.StartAsync();

        using var library = await server.Client.GetAsync("/broker.mjs");
        using var configuration = await server.Client.GetAsync("/broker-config.js");

        Assert.Equal("*", library.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("same-origin", configuration.Headers.GetValues("Cross-Origin-Resource-Policy").Single());
        Assert.False(configuration.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal("no-store", configuration.Headers.CacheControl?.ToString());
    }

    [Theory]
    [InlineData("Production", "development", HttpStatusCode.NotFound)]
    [InlineData("Production", "on", HttpStatusCode.OK)]
    [InlineData("Development", "development", HttpStatusCode.OK)]
    [InlineData("Development", "off", HttpStatusCode.NotFound)]
    public async Task The_page_is_for_Development_unless_configured_and_the_library_for_everybody(string environment, string pages, HttpStatusCode expected)
    {
        await using var server = await LocalServer.StartAsync($"broker.pages = {pages}", environment);

        foreach (var path in new[] { "/", "/page.js" })
        {
            using var page = await server.Client.GetAsync(path);
            Assert.Equal(expected, page.StatusCode);
        }

        using var library = await server.Client.GetAsync("/broker.js");
        Assert.Equal(HttpStatusCode.OK, library.StatusCode);
    }

    [Fact]
    public async Task The_configuration_is_a_script_whatever_the_heartbeat_is()
    {
        await using var server = await LocalServer.StartAsync("broker.websocket { path = /s/, heartbeat = \"</script>'\\u2028\\\"\" }", "Production");

        var script = await server.Client.GetStringAsync("/broker-config.js");

        Assert.DoesNotContain("<", script, StringComparison.Ordinal);
        Assert.DoesNotContain("\u2028", script, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(script["window.BROKER_CONFIG = ".Length..].TrimEnd(';', '\n'));
        Assert.Equal("/s/", json.RootElement.GetProperty("websocketPath").GetString());
        Assert.Equal("</script>'\u2028\"", json.RootElement.GetProperty("heartbeat").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("user").ValueKind);
        Assert.False(json.RootElement.GetProperty("development").GetBoolean());
        Assert.Equal(0, json.RootElement.GetProperty("users").GetArrayLength());
    }

    [Fact]
    public async Task The_page_stays_where_a_raw_channel_has_its_path()
    {
        await using var server = await LocalServer.StartAsync("broker.raw-channels = [ { path = \"/\", channel = \"chat_channel\", publish = on } ]");

        Assert.Contains("<title>Broker</title>", await server.Client.GetStringAsync("/"), StringComparison.Ordinal);
        using var client = new ClientWebSocket();
        await client.ConnectAsync(server.WebSocket("/"), default);
        Assert.Equal(WebSocketState.Open, client.State);
    }

    [Fact]
    public async Task What_is_not_there_is_404_and_no_path_leads_out_of_the_files()
    {
        await using var server = await LocalServer.StartAsync();

        foreach (var path in new[] { "/nothing", "/index.html/..", "/..%2fbroker.conf", "/Broker.Host.dll", "/appsettings.json" })
        {
            using var answer = await server.Client.GetAsync(path);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound || path == "/index.html/..", path);
        }
    }
}
