using System.Text;
using Microsoft.AspNetCore.Builder;

namespace Broker.Host.Tests.Clients;

/// <summary>The facility in a URL, and what is no facility.</summary>
public sealed class FacilityTests
{
    [Theory]
    [InlineData("/ws/foobar", "foobar")]
    [InlineData("/ws/", "")]
    [InlineData("/ws/a/b/c", "a/b/c")]
    [InlineData("/ws/a/b/", "a/b/")]
    [InlineData("/ws//a", "/a")]
    [InlineData("/ws/a%2Fb", "a/b")]
    [InlineData("/ws/a%20b%C3%A9", "a bé")]
    [InlineData("/ws/a+b", "a+b")]
    [InlineData("/ws/a:b", "a:b")]
    [InlineData("/ws/{tag}.x", "{tag}.x")]
    [InlineData("/ws/100%25", "100%")]
    [InlineData("/ws/%252e%252e", "%2e%2e")]
    [InlineData("/ws/...", "...")]
    [InlineData("/ws/%F0%9F%98%80", "😀")]
    [InlineData("/%77s/foobar", "foobar")]
    [InlineData("http://localhost/ws/foobar", "foobar")]
    public async Task The_rest_of_the_path_decoded_once_is_the_facility(string target, string facility)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var client = await server.OpenAsync(target + "?subscribe-broadcast");

        await server.Node.Publisher(facility).PublishAsync("hello");

        Assert.Equal("hello", await client.ReadAsync());
    }

    [Theory]
    [InlineData("/ws/../ws/foobar", 400)]
    [InlineData("/x/../ws/foobar", 400)]
    [InlineData("/ws/./foobar", 400)]
    [InlineData("/ws/..%2f..%2fetc%2fpasswd", 400)]
    [InlineData("/ws/a%2f%2e%2e%2fb", 400)]
    [InlineData("/ws/..", 404)]
    [InlineData("/ws/../../etc/passwd", 404)]
    [InlineData("/ws/%2e%2e/%2e%2e/etc/passwd", 404)]
    [InlineData("/ws/%zz", 400)]
    [InlineData("/ws/%", 400)]
    [InlineData("/ws/%4", 400)]
    [InlineData("/ws/%C3%28", 400)]
    [InlineData("/ws/%ED%A0%80", 400)]
    [InlineData("/ws/%00", 400)]
    [InlineData("/ws/foobar?subscribe-broadcast&%zz", 400)]
    public async Task A_path_that_means_something_else_is_refused(string target, int status)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);

        Assert.Equal(status, await server.StatusAsync(target));
        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-broadcast"));
    }

    [Fact]
    public async Task A_name_of_255_characters_is_a_facility_and_a_longer_one_is_not()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);

        Assert.Equal(101, await server.StatusAsync("/ws/" + new string('a', 255)));
        Assert.Equal(414, await server.StatusAsync("/ws/" + new string('a', 256)));
    }

    [Fact]
    public async Task More_words_than_allowed_are_refused()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);

        Assert.Equal(101, await server.StatusAsync("/ws/foobar?" + Repeat("subscribe-broadcast&", 64)));
        Assert.Equal(400, await server.StatusAsync("/ws/foobar?" + Repeat("subscribe-broadcast&", 65)));
        Assert.Equal(400, await server.StatusAsync("/ws/foobar?" + Repeat("x&", 65)));
    }

    [Theory]
    [InlineData("a long URL", 414)]
    [InlineData("ten thousand words", 414)]
    [InlineData("a long header", 431)]
    [InlineData("many headers", 431)]
    public async Task Bombs_get_an_answer_and_disturb_nobody(string bomb, int status)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var reader = await server.OpenAsync("/ws/foobar?subscribe-broadcast");
        var request = bomb switch
        {
            "a long URL" => $"GET /ws/{Repeat("x", 1_000_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "ten thousand words" => $"GET /ws/foobar?{Repeat("subscribe-broadcast&", 10_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "a long header" => $"GET /ws/foobar HTTP/1.1\r\nHost: localhost\r\nX: {Repeat("x", 1_000_000)}\r\n\r\n",
            _ => $"GET /ws/foobar HTTP/1.1\r\nHost: localhost\r\n{Repeat("X: x\r\n", 10_000)}\r\n",
        };

        using (var client = await SocketClient.RequestAsync(server.Port, request)) Assert.Equal(status, client.Status);
        await server.Node.Publisher("foobar").PublishAsync("hello");

        Assert.Equal("hello", await reader.ReadAsync());
        Assert.Equal("", server.Log.Text);
    }

    [Fact]
    public async Task An_application_may_stand_below_a_path_of_its_own()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open, pipeline: app => app.UsePathBase("/app").UseRouting());
        using var below = await server.OpenAsync("/app/ws/a%2Fb?subscribe-broadcast");
        using var beside = await server.OpenAsync("/ws/a%2Fb?subscribe-broadcast");

        await server.Node.Publisher("a/b").PublishAsync("hello");

        Assert.Equal("hello", await below.ReadAsync());
        Assert.Equal("hello", await beside.ReadAsync());
    }

    private static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();
}
