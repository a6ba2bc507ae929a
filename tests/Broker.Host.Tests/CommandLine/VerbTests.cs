using System.Diagnostics;
using Broker.Actors.Channels;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.Rich;
using Broker.Host.Tests.Server;
using Broker.Host.Tests.WebSockets;

namespace Broker.Host.Tests.CommandLine;

/// <summary>The program as a shell calls it.</summary>
public sealed class VerbTests
{
    private const string Settings = """broker { api-key = "k", history { "log*" { size = 10, ttl = 5m } }, shutdown.drain = 0s }""";

    [Theory]
    [InlineData("check-config", "Nothing is connected")]
    [InlineData("gen-token", "--ttl TIME")]
    [InlineData("publish", "CHANNEL [DATA | -]")]
    [InlineData("subscribe", "--count N")]
    [InlineData("channels", "[PATTERN]")]
    public async Task Each_verb_explains_itself(string verb, string part)
    {
        var (code, output, errors) = await RunAsync([verb, "--help"]);

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains(part, output, StringComparison.Ordinal);
        Assert.Contains("Exit codes: 0 done, 1 refused or failed, 2 wrong", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_right_configuration_is_OK_and_shows_what_differs_but_no_secret()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("broker.conf", "broker { prefix = app, api-key = hidden1, redis.connection = \"redis://:hidden2@127.0.0.1\", history { \"chat-*\" { size = 5, ttl = 1m } } }");

        var (code, output, errors) = await RunAsync(["check-config", "--config", file], null, ("BROKER_JWT_KEY", "hidden3-hidden3-hidden3-hidden3-hidden3"));

        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith("OK\n", output, StringComparison.Ordinal);
        Assert.Contains("broker.prefix = app\n", output, StringComparison.Ordinal);
        Assert.Contains("broker.api-key = (set, not shown)\n", output, StringComparison.Ordinal);
        Assert.Contains("broker.jwt.hs256 = (set, not shown)\n", output, StringComparison.Ordinal);
        Assert.Contains("broker.history.\"chat-*\" = ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", output, StringComparison.Ordinal);
        Assert.DoesNotContain("expire", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broker.nonsense = 1", "broker.conf:1:19: broker.nonsense: unknown setting")]
    [InlineData("broker.rules = [ { words = [subscribe-nobody], allow = on } ]", "subscribe-nobody")]
    [InlineData("broker.limits.api.body = 1", "broker.conf:1:26: broker.limits.api.body: ")]
    [InlineData("broker.streams = [ { stream = a, group = b, channel = \"broadcast:c\", field = d } ]", "the embedded store has no streams")]
    public async Task A_wrong_one_is_told_in_one_line(string configuration, string problem)
    {
        using var folder = new TemporaryFolder();

        var (code, output, errors) = await RunAsync(["check-config", "--config", folder.Write("broker.conf", configuration)]);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(problem, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_taken_by_the_server_whose_key_signed_it()
    {
        var (code, token, _) = await RunAsync(["gen-token", "--user", "john", "--group", "staff", "--ttl", "5m"], null, ("BROKER_JWT_KEY", Jwt.Secret));
        await using var server = await ClientServer.StartAsync($"jwt.hs256 = \"{Jwt.Secret}\"");

        Assert.Equal(0, code);
        Assert.Equal(101, await server.StatusAsync("/ws/news?subscribe-user", "Authorization: Bearer " + token.Trim()));
        Assert.Equal(401, await server.StatusAsync("/ws/news?subscribe-user", $"Authorization: Bearer {token.Trim()}x"));
    }

    [Fact]
    public async Task What_is_published_and_subscribed_goes_over_a_running_server()
    {
        await using var server = await LocalServer.StartAsync(Settings);
        var address = server.Address.ToString();
        var subscribing = RunAsync(["subscribe", "broadcast:news", "broadcast:logs", "--count", "3", "--server", address]);
        await Eventually.IsAsync(2, async () => (await server.Node.Server.FindChannelsAsync()).Channels.Count);

        var channels = await RunAsync(["channels", "broadcast:*", "--server", address, "--api-key", "k"]);
        var first = await RunAsync(["publish", "broadcast:news", "hello", "--server", address, "--api-key", "k"]);
        var second = await RunAsync(["publish", "broadcast:logs", "-", "--server", address], "from a pipe", ("BROKER_API_KEY", "k"));
        await RunAsync(["publish", "broadcast:news", "{\"a\": 1}"], null, ("BROKER_API_KEY", "k"), ("BROKER_SERVER", address));
        var (code, output, errors) = await subscribing;

        Assert.Equal((0, "1\tbroadcast:logs\n1\tbroadcast:news\n"), (channels.Code, channels.Output));
        Assert.Equal((0, "published\n"), (first.Code, first.Output));
        Assert.Matches("^published at 1 of [0-9a-f]+\n$", second.Output);
        Assert.Equal((0, ""), (code, errors));
        Assert.Equal("broadcast:news\thello\nbroadcast:logs\tfrom a pipe\nbroadcast:news\t{\"a\": 1}\n", output);
    }

    /// <summary>Only broadcast channels could be read, and only as far as rules let the caller.</summary>
    [Fact]
    public async Task With_the_key_every_channel_can_be_read_and_with_a_token_those_of_its_client()
    {
        await using var server = await ClientServer.StartAsync($"{Gates.Key}, history {{ \"log*\" {{ size = 10, ttl = 5m }} }}");
        var (address, key) = ($"http://127.0.0.1:{server.Port}", ("BROKER_JWT_KEY", Jwt.Secret));
        string[] channels = ["broadcast:logs", "user:john:inbox", "group:g:chat", "session:k:cart"];
        var all = RunAsync(["subscribe", .. channels, "--count", "4", "--server", address], null, key);
        var johns = RunAsync(["subscribe", "user:john:inbox", "--count", "1", "--server", address, "--token", Jwt.Hs256(new { sub = "john" })]);
        await Eventually.IsAsync(5, async () => (await server.Node.Server.FindChannelsAsync()).Channels.Sum(channel => channel.Clients));

        byte[][] payloads = ["text"u8.ToArray(), "{\"a\":  1}"u8.ToArray(), "\"quoted\""u8.ToArray(), [0x41, 0xff]];
        for (var i = 0; i < channels.Length; i++) await server.Node.Server.PublishAsync(ChannelName.Parse(channels[i]), payloads[i]);

        Assert.Equal((0, ""), ((await all).Code, (await all).Errors));
        Assert.Equal(
            ["broadcast:logs\ttext", "group:g:chat\tquoted", "session:k:cart\tA\ufffd", "user:john:inbox\t{\"a\":  1}"],
            (await all).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal((0, "{\"a\":  1}\n"), ((await johns).Code, (await johns).Output));
        Assert.Equal((1, "user:john:inbox: error 103: permission denied\n"), await FailAsync("subscribe", "user:john:inbox", "--server", address));
        Assert.Equal((1, "closed with 3500 invalid token\n"), await FailAsync("subscribe", "user:john:inbox", "--server", address, "--token", "x"));
        Assert.Equal((2, "broker.jwt.hs256 (or BROKER_JWT_KEY) is not set: there is nothing to sign with\n"), await FailAsync("subscribe", "a", "--server", address, "--user", "john"));
    }

    [Fact]
    public async Task What_goes_wrong_is_told_by_the_exit_code()
    {
        await using var server = await LocalServer.StartAsync(Settings);
        await using var closed = await LocalServer.StartAsync();
        var address = server.Address.ToString();

        Assert.Equal((1, "error 102: unknown channel\n"), await FailAsync("publish", "news", "x", "--server", address, "--api-key", "k"));
        Assert.Equal((1, "the server does not take this API key\n"), await FailAsync("channels", "--server", address, "--api-key", "wrong"));
        Assert.Equal((1, "the server has no API: broker.api-key is not set there\n"), await FailAsync("channels", "--server", closed.Address.ToString(), "--api-key", "k"));
        Assert.Equal((2, "--api-key or BROKER_API_KEY: the server's API key is missing\n"), await FailAsync("channels", "--server", address));
        Assert.Equal((2, "--colour: not an option here; --help\n"), await FailAsync("channels", "--colour", "red"));
        Assert.Equal((2, "broker.jwt.hs256 (or BROKER_JWT_KEY) is not set: there is nothing to sign with\n"), await FailAsync("gen-token", "--user", "john"));
        Assert.Equal(2, (await FailAsync("publish")).Code);
        Assert.Equal(2, (await FailAsync("subscribe")).Code);
        Assert.Equal((1, "news: error 102: unknown channel\n"), await FailAsync("subscribe", "news", "--server", address));
        Assert.Equal(3, (await FailAsync("channels", "--server", "http://127.0.0.1:1", "--api-key", "k")).Code);
        Assert.Equal(3, (await FailAsync("subscribe", "broadcast:news", "--server", "http://127.0.0.1:1")).Code);
    }

    private static async Task<(int Code, string Errors)> FailAsync(params string[] args)
    {
        var (code, _, errors) = await RunAsync(args);
        return (code, errors);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string[] args, string? input = null, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [ServerProcess.Assembly, .. args]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("BROKER_", StringComparison.Ordinal) || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Deadline.Fact);
        return (process.ExitCode, await output, await errors);
    }
}
