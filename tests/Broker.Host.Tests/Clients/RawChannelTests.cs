using Broker.Actors.Channels;
using Microsoft.AspNetCore.Builder;

namespace Broker.Host.Tests.Clients;

/// <summary>Configured paths that bridge to any Redis channel: what the classic server samples do.</summary>
public sealed class RawChannelTests
{
    private const string Samples = """
        raw-channels = [
          { path = "/", channel = "chat_channel", publish = on }
          { path = "/notifications", channel = "app:notifications" }
        ]
        prefix = deployment
        """;

    [Fact]
    public async Task Every_client_of_the_chat_gets_every_message_its_own_too_and_equal_ones_too()
    {
        await using var server = await ClientServer.StartAsync(Samples);
        using var one = await server.OpenAsync("/");
        using var two = await server.OpenAsync("/?subscribe-user");
        await using var redis = await Subscriber.OfAsync(server, ChannelName.Raw("chat_channel"));

        await one.SendAsync("hi", "hi");

        Assert.Equal(["hi", "hi"], await one.ReadAsync(2));
        Assert.Equal(["hi", "hi"], await two.ReadAsync(2));
        Assert.Equal("hi", await redis.NextAsync());
    }

    [Fact]
    public async Task Nothing_is_kept_for_those_who_come_later()
    {
        await using var server = await ClientServer.StartAsync(Samples);
        using var early = await server.OpenAsync("/");
        await early.SendAsync("early");
        Assert.Equal("early", await early.ReadAsync());

        using var late = await server.OpenAsync("/");
        await early.SendAsync("late");

        Assert.Equal("late", await late.ReadAsync());
    }

    [Fact]
    public async Task A_channel_without_publish_is_only_received()
    {
        await using var server = await ClientServer.StartAsync(Samples + "\n" + ClientServer.Open);
        using var reader = await server.OpenAsync("/notifications");
        using var other = await server.OpenAsync("/notifications");

        await reader.SendAsync("dropped");
        await server.Node.Publisher("", Actors.Audiences.Audience.Exactly([ChannelName.Raw("app:notifications")])).PublishAsync("pushed");

        Assert.Equal("pushed", await reader.ReadAsync());
        Assert.Equal("pushed", await other.ReadAsync());
    }

    [Fact]
    public async Task A_plain_request_of_the_path_gets_the_page()
    {
        await using var server = await ClientServer.StartAsync(Samples, pipeline: app => app.MapGet("/", () => "the page"));
        using var http = server.Http();

        Assert.Equal("the page", await http.GetStringAsync("/"));
        Assert.Equal(404, (int)(await http.GetAsync("/notifications")).StatusCode);
        Assert.Equal(101, await server.StatusAsync("/"));
    }

    [Fact]
    public async Task Origins_and_tokens_are_checked_there_too()
    {
        await using var server = await ClientServer.StartAsync(Samples + $"\njwt.hs256 = \"{Jwt.Secret}\"");

        Assert.Equal(403, await server.StatusAsync("/", "Origin: https://evil.org"));
        Assert.Equal(401, await server.StatusAsync("/?token=nonsense"));
        Assert.Equal(101, await server.StatusAsync("/", $"Authorization: Bearer {Jwt.Hs256(new { sub = "john" })}"));
    }

    [Theory]
    [InlineData("{ path = \"/\" }", "channel is not set")]
    [InlineData("{ channel = x }", "path is not set")]
    [InlineData("{ path = chat, channel = x }", "does not begin with a slash")]
    [InlineData("{ path = \"/{chat}\", channel = x }", "does not begin with a slash")]
    [InlineData("{ path = \"/\", channel = \"\" }", "the channel has no name")]
    [InlineData("{ path = \"/\", channel = x, publsh = on }", "unknown setting")]
    public void A_wrong_route_is_an_error_with_its_place(string route, string problem)
    {
        var error = WrongSetting.At("configuration:2:", $"broker.raw-channels = [\n  {route}\n]");

        Assert.Contains(problem, error, StringComparison.Ordinal);
    }
}
