
namespace Broker.Host.Tests.Clients;

/// <summary>Which pages may open websockets and publish.</summary>
public sealed class OriginTests
{
    [Theory]
    [InlineData("", "localhost:8000", null, 101)]
    [InlineData("", "localhost:8000", "http://localhost:8000", 101)]
    [InlineData("", "LocalHost:8000", "http://localhost:8000", 101)]
    [InlineData("", "example.com", "https://example.com", 101)]
    [InlineData("", "example.com:443", "https://example.com", 101)]
    [InlineData("", "example.com", "http://example.com:80", 101)]
    [InlineData("", "localhost:8000", "http://localhost:8001", 403)]
    [InlineData("", "localhost:8000", "http://localhost", 403)]
    [InlineData("", "example.com", "https://evil.example.com", 403)]
    [InlineData("", "example.com", "https://example.com.evil.org", 403)]
    [InlineData("", "example.com", "null", 403)]
    [InlineData("", "example.com", "https://", 403)]
    [InlineData("", "example.com", "https://example.com, https://evil.org", 403)]
    [InlineData("https://example.com", "10.0.0.1:8000", "https://example.com", 101)]
    [InlineData("https://example.com", "10.0.0.1:8000", "https://EXAMPLE.com:443", 101)]
    [InlineData("https://example.com", "10.0.0.1:8000", null, 101)]
    [InlineData("https://example.com", "10.0.0.1:8000", "http://example.com", 403)]
    [InlineData("https://example.com", "10.0.0.1:8000", "http://10.0.0.1:8000", 403)]
    [InlineData("https://example.com", "10.0.0.1:8000", "https://www.example.com", 403)]
    [InlineData("*", "10.0.0.1:8000", "https://anything.org", 101)]
    [InlineData("*", "10.0.0.1:8000", "null", 101)]
    public async Task A_page_may_open_websockets_of_its_own_host_or_if_it_is_listed(string allowed, string host, string? origin, int status)
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}\nallowed-origins = [{(allowed.Length > 0 ? $"\"{allowed}\"" : "")}]");
        string[] headers = origin is null ? [$"Host: {host}"] : [$"Host: {host}", $"Origin: {origin}"];

        Assert.Equal(status, await server.StatusAsync("/ws/foobar?subscribe-broadcast", headers));
    }

    [Theory]
    [InlineData(null, null, null, 204)]
    [InlineData("http://127.0.0.1:PORT", null, "sessionid=key-1", 204)]
    [InlineData("https://evil.org", null, null, 403)]
    [InlineData("null", "cross-site", "sessionid=key-1", 403)]
    [InlineData(null, "same-origin", "sessionid=key-1", 204)]
    [InlineData(null, "cross-site", "sessionid=key-1", 403)]
    [InlineData(null, "same-site", null, 403)]
    [InlineData(null, null, "sessionid=key-1", 403)]
    [InlineData(null, null, "application=login", 403)]
    public async Task A_post_needs_a_page_that_may_or_no_page_and_no_cookies(string? origin, string? site, string? cookie, int status)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var http = server.Http();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/publish/foobar?publish-broadcast") { Content = new StringContent("hello") };
        if (origin is not null) request.Headers.Add("Origin", origin.Replace("PORT", $"{server.Port}", StringComparison.Ordinal));
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        if (cookie is not null) request.Headers.Add("Cookie", cookie);

        using var answer = await http.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    // A listed page could publish, but its browser hid the answer, and did not send a token at all.
    [Theory]
    [InlineData("https://example.com", true)]
    [InlineData("https://evil.org", false)]
    public async Task A_browser_lets_listed_pages_of_other_origins_publish_and_read_the_answer(string origin, bool isListed)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nallowed-origins = [\"https://example.com\"]");
        using var http = server.Http();
        using var question = new HttpRequestMessage(HttpMethod.Options, "/publish/foobar?publish-broadcast");
        question.Headers.Add("Origin", origin);
        question.Headers.Add("Access-Control-Request-Method", "POST");
        question.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        using var post = new HttpRequestMessage(HttpMethod.Post, "/publish/foobar?publish-broadcast") { Content = new StringContent("hello") };
        post.Headers.Add("Origin", origin);

        using var preflight = await http.SendAsync(question);
        using var answer = await http.SendAsync(post);

        Assert.Equal(isListed ? 204 : 403, (int)answer.StatusCode);
        string[] expected = isListed ? [origin] : [];
        Assert.Equal(expected, Allowed(answer, "Access-Control-Allow-Origin"));
        Assert.Equal(expected, Allowed(preflight, "Access-Control-Allow-Origin"));
        Assert.Equal(isListed ? ["authorization,content-type"] : [], Allowed(preflight, "Access-Control-Allow-Headers"));
    }

    private static string[] Allowed(HttpResponseMessage answer, string header) => answer.Headers.TryGetValues(header, out var values) ? [.. values] : [];

    [Theory]
    [InlineData("example.com")]
    [InlineData("https://example.com/")]
    [InlineData("https://example.com/path")]
    [InlineData("https://user@example.com")]
    [InlineData("")]
    public void What_is_no_origin_is_an_error_with_its_place(string origin) =>
        WrongSetting.At("configuration:1:27: broker.allowed-origins", $"broker.allowed-origins = [\"{origin}\"]");
}
