using System.Net;
using System.Net.Http.Json;

namespace Broker.Host.Tests.Server;

public sealed class DemoLoginTests
{
    [Fact]
    public async Task Who_logs_in_is_known_by_the_cookie_until_he_logs_out()
    {
        await using var server = await LocalServer.StartAsync();

        using var login = await server.Client.PostAsJsonAsync("/demo/login", new { user = "boss" });
        Assert.Equal(HttpStatusCode.NoContent, login.StatusCode);
        var cookie = Assert.Single(login.Headers.GetValues("Set-Cookie")).Split(';', StringSplitOptions.TrimEntries);
        Assert.Matches("^sessionid=[0-9a-f]{32}$", cookie[0]);
        Assert.Equal(["httponly", "path=/", "samesite=lax"], cookie.Skip(1).Order());

        var known = await ConfigurationAsync(server, cookie[0]);
        Assert.Contains("\"user\":\"boss\",\"groups\":[\"chatters\",\"staff\"],\"session\":true", known, StringComparison.Ordinal);

        using var logout = new HttpRequestMessage(HttpMethod.Post, "/demo/logout");
        logout.Headers.Add("Cookie", cookie[0]);
        using var left = await server.Client.SendAsync(logout);
        Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
        Assert.Contains("\"user\":null", await ConfigurationAsync(server, cookie[0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_logs_in_too()
    {
        await using var server = await LocalServer.StartAsync();

        using var answer = await server.Client.PostAsync("/demo/login", new FormUrlEncodedContent([new("user", "mary")]));

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Theory]
    [InlineData("application/json", "{\"user\":\"nobody\"}")]
    [InlineData("application/json", "{\"user\":7}")]
    [InlineData("application/json", "[]")]
    [InlineData("application/json", "{")]
    [InlineData("application/x-www-form-urlencoded", "name=john")]
    [InlineData("text/plain", "john")]
    public async Task Nobody_else_can_log_in(string type, string body)
    {
        await using var server = await LocalServer.StartAsync();

        using var answer = await server.Client.PostAsync("/demo/login", new StringContent(body, null, type));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Host", "rebound.example")]
    public async Task A_page_of_another_origin_cannot_log_anybody_in(string header, string value)
    {
        await using var server = await LocalServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/demo/login") { Content = JsonContent.Create(new { user = "john" }) };
        request.Headers.Add(header, value);

        using var answer = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Theory]
    [InlineData("broker.pages = on", "Production")]
    [InlineData("", "Staging")]
    [InlineData("broker.pages = off", "Development")]
    public async Task It_is_there_with_the_page_in_Development_only(string configuration, string environment)
    {
        await using var server = await LocalServer.StartAsync(configuration, environment);

        using var answer = await server.Client.PostAsJsonAsync("/demo/login", new { user = "john" });

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("\"users\":[]", await server.Client.GetStringAsync("/broker-config.js"), StringComparison.Ordinal);
    }

    private static async Task<string> ConfigurationAsync(LocalServer server, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/broker-config.js");
        request.Headers.Add("Cookie", cookie);
        using var answer = await server.Client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
