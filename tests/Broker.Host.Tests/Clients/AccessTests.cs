using Broker.Actors.Channels;
using Broker.Hocon;
using Microsoft.AspNetCore.Builder;

namespace Broker.Host.Tests.Clients;

/// <summary>What <c>broker.access</c> and <c>broker.rules</c> let whom do.</summary>
public sealed class AccessTests
{
    private const string John = "Cookie: sessionid=john-key";
    private const string AllWords =
        "?subscribe-broadcast&subscribe-group&subscribe-user&subscribe-session&publish-broadcast&publish-group&publish-user&publish-session";

    [Theory]
    [InlineData("Production", "default", "/ws/foobar?subscribe-broadcast", 403)]
    [InlineData("Production", "default", "/ws/foobar?subscribe-user&publish-broadcast", 403)]
    [InlineData("Production", "default", "/ws/foobar", 101)]
    [InlineData("Production", "default", "/ws/foobar?echo", 101)]
    [InlineData("Production", "rules", "/ws/foobar?subscribe-broadcast", 403)]
    [InlineData("Production", "open", "/ws/foobar?subscribe-broadcast", 101)]
    [InlineData("Production", "open", "/ws/foobar?subscribe-user", 403)]
    [InlineData("Production", "open", "/ws/foobar?publish-group", 403)]
    [InlineData("Production", "open", "/ws/foobar?subscribe-session", 403)]
    [InlineData("Production", "open", "/ws/foobar?subscribe-user&subscribe-broadcast", 101)]
    [InlineData("Development", "default", "/ws/foobar?subscribe-broadcast", 101)]
    [InlineData("Development", "default", "/ws/foobar?subscribe-user", 101)]
    [InlineData("Development", "rules", "/ws/foobar?subscribe-broadcast", 101)]
    [InlineData("Staging", "default", "/ws/foobar?subscribe-broadcast", 403)]
    public async Task An_anonymous_client_is_let_in_or_not(string environment, string access, string target, int status)
    {
        await using var server = await ClientServer.StartAsync($"access = {access}", environment);

        Assert.Equal(status, await server.StatusAsync(target));
    }

    [Theory]
    [InlineData("Development", "default", true)]
    [InlineData("Development", "rules", false)]
    [InlineData("Development", "open", true)]
    [InlineData("Production", "open", true)]
    public async Task An_open_broker_lets_anonymous_clients_use_broadcast(string environment, string access, bool isOpen)
    {
        await using var server = await ClientServer.StartAsync($"access = {access}\nwebsocket.heartbeat = beat", environment);
        using var client = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast&echo");

        await client.SendAsync("hello", "beat");

        // The answer to a heartbeat may overtake a message, which goes through the channel.
        if (isOpen) Assert.Equal(["beat", "hello"], (await client.ReadAsync(2)).Order());
        else Assert.Equal("beat", await client.ReadAsync());
    }

    [Fact]
    public async Task Development_says_once_that_it_is_open_and_production_says_nothing()
    {
        await using var development = await ClientServer.StartAsync(environment: "Development");
        await using var production = await ClientServer.StartAsync();

        Assert.Single(development.Log.Text.Split('\n'), line => line.Contains("may do everything", StringComparison.Ordinal));
        Assert.Equal("", production.Log.Text);
    }

    [Theory]
    [InlineData("X-Forwarded-For: 192.0.2.1")]
    [InlineData("Forwarded: for=192.0.2.1")]
    [InlineData("Host: rebound.example.org\r\nOrigin: http://rebound.example.org")]
    public async Task Development_is_not_open_to_who_only_seems_to_be_on_this_machine(string header)
    {
        await using var server = await ClientServer.StartAsync("rules = [{ refuse = on }]", "Development");

        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-broadcast", header));
        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-broadcast"));
    }

    [Fact]
    public async Task Development_is_not_open_to_other_machines()
    {
        await using var server = await ClientServer.StartAsync(environment: "Development", settings: "rules = [{ refuse = on }]", pipeline: app => app.Use((context, next) =>
        {
            context.Connection.RemoteIpAddress = System.Net.IPAddress.Parse("192.0.2.1");
            return next(context);
        }));

        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-broadcast"));
    }

    [Fact]
    public async Task Without_rules_a_user_may_everything_but_publish_to_everybody()
    {
        await using var server = await ClientServer.StartAsync();
        await server.Node.SignInAsync("john-key", "john", ["staff"], TimeSpan.FromMinutes(1));
        await using var broadcast = await Subscriber.OfAsync(server, ChannelName.Broadcast("foobar"));
        using var john = await server.OpenAsync("/ws/foobar" + AllWords + "&echo", John);

        await john.SendAsync("to my own");
        Assert.Equal("to my own", await john.ReadAsync());
        await server.Node.Publisher("foobar").PublishAsync("to everybody");

        Assert.Equal("to everybody", await john.ReadAsync());
        Assert.Equal("to everybody", await broadcast.NextAsync());
    }

    [Theory]
    [InlineData("{ words = [subscribe-broadcast], allow = on }", "", 101)]
    [InlineData("{ words = [subscribe-broadcast], allow = on }", John, 101)]
    [InlineData("{ words = [publish-broadcast], allow = on }", "", 403)]
    [InlineData("{ facility = \"foo*\", allow = on }", "", 101)]
    [InlineData("{ facility = \"fooba?\", who = anonymous, allow = on }", "", 101)]
    [InlineData("{ facility = \"other\", allow = on }", "", 403)]
    [InlineData("{ facility = \"foo\", allow = on }", "", 403)]
    [InlineData("{ who = authenticated, allow = on }", "", 403)]
    [InlineData("{ who = authenticated, refuse = on }", John, 403)]
    [InlineData("{ who = anonymous, refuse = on }", John, 101)]
    [InlineData("{ who = \"group:staff\", refuse = on }", John, 403)]
    [InlineData("{ who = \"group:other\", refuse = on }", John, 101)]
    [InlineData("{ who = all, allow = off }", John, 101)]
    [InlineData("{ allow = off }, { allow = on }", "", 403)]
    [InlineData("{ allow = on }, { refuse = on }", "", 101)]
    [InlineData("{ facility = \"staff\", refuse = on }, { allow = on }", "", 101)]
    public async Task The_first_rule_that_fits_decides(string rules, string header, int status)
    {
        await using var server = await ClientServer.StartAsync($"rules = [{rules}]");
        await server.Node.SignInAsync("john-key", "john", ["staff"], TimeSpan.FromMinutes(1));

        Assert.Equal(status, await server.StatusAsync("/ws/foobar?subscribe-broadcast", header.Length > 0 ? [header] : []));
    }

    [Fact]
    public async Task A_rule_that_refuses_one_word_refuses_the_client_and_one_that_denies_drops_the_word()
    {
        await using var server = await ClientServer.StartAsync("""
            rules = [
              { facility = staff, refuse = on }
              { words = [subscribe-broadcast], allow = on }
              { words = [publish-broadcast], allow = off }
            ]
            """);
        Assert.Equal(403, await server.StatusAsync("/ws/staff?subscribe-broadcast&publish-broadcast"));

        using var client = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast&echo");
        await client.SendAsync("dropped");
        await server.Node.Publisher("foobar").PublishAsync("end");

        Assert.Equal("end", await client.ReadAsync());
    }

    [Theory]
    [InlineData("{ allow = on, colour = red }", "unknown setting")]
    [InlineData("{ facility = x }", "either allow = on | off, or refuse = on")]
    [InlineData("{ allow = on, refuse = on }", "either allow = on | off, or refuse = on")]
    [InlineData("{ refuse = off }", "allow = on | off")]
    [InlineData("{ who = everybody, allow = on }", "'everybody' is not one of")]
    [InlineData("{ who = \"group:\", allow = on }", "'group:' is not one of")]
    [InlineData("{ allow = maybe }", "expected true")]
    [InlineData("\"allow\"", "expected an object")]
    public void A_wrong_rule_is_an_error_with_its_place(string rule, string problem)
    {
        var error = WrongSetting.At("configuration:2:", $"broker.rules = [\n  {rule}\n]");

        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_for_a_word_that_is_not_there_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<HoconException>(() => ClientServer.StartAsync("rules = [{ words = [subscribe-everything], allow = on }]"));

        Assert.Contains("broker.rules[0].words[0]: 'subscribe-everything' is no audience word", error.Message, StringComparison.Ordinal);
    }
}
