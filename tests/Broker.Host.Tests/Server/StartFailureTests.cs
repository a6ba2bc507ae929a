using System.Net;
using System.Net.Sockets;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.Server;

public sealed class StartFailureTests
{
    [Theory]
    [InlineData("broker { nonsense = 1 }", "broker.conf:1:21: broker.nonsense: unknown setting; known here: ")]
    [InlineData("broker {\n  websocket.heartbeat-interval = soon\n}", "broker.conf:2:34: broker.websocket.heartbeat-interval: expected a duration")]
    [InlineData("broker.websocket.heartbeat-interval = 0s", "broker.conf:1:39: broker.websocket.heartbeat-interval: 00:00:00 is less than 00:00:00.0160000")]
    [InlineData("broker.relay.check-every = 0s", "broker.conf:1:28: broker.relay.check-every: 00:00:00 is less than 00:00:00.0010000")]
    [InlineData("broker.shutdown.drain = -1s", "broker.conf:1:25: broker.shutdown.drain: -00:00:01 is less than 00:00:00")]
    [InlineData("broker.limits { connections = many }", "broker.conf:1:31: broker.limits.connections: expected a whole number")]
    [InlineData("broker.outbox-policy { \"gps-*\" = newest }", "broker.conf:1:34: broker.outbox-policy.\"gps-*\": 'newest' is not one of: disconnect, conflate")]
    [InlineData("broker.outbox-policy { gps = { conflate = on } }", "broker.conf:1:30: broker.outbox-policy.gps: ")]
    [InlineData("broker.pages = sometimes", "broker.conf:1:16: broker.pages: 'sometimes' is not one of: development, on, off")]
    [InlineData("broker { prefix = a\n", "broker.conf:2:1: expected a key or '}' for the '{' of line 1")]
    [InlineData("include required(\"missing.conf\")", "broker.conf:1:1: cannot include \"missing.conf\"")]
    [InlineData("broker.redis.connection = \"redis://127.0.0.1:port\"", "broker.conf:1:27: broker.redis.connection: ")]
    [InlineData("broker.redis-commands { path = /redis, commands = [GET, EVAL] }", "broker.conf:1:57: broker.redis-commands.commands[1]: 'EVAL' cannot be allowed")]
    [InlineData("broker.redis-commands.path = redis", "broker.conf:1:30: broker.redis-commands.path: 'redis' is no path such as /redis")]
    [InlineData("broker.jwt.rs256 = nokey", "broker.conf:1:20: broker.jwt.rs256: ")]
    [InlineData("akka.loglevel = LOUD", "broker.conf:1:17: akka.loglevel: 'LOUD' is not one of: OFF, ERROR, WARNING, INFO, DEBUG")]
    public async Task A_wrong_configuration_stops_the_start_with_one_line_that_says_where(string configuration, string expected)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("broker.conf", configuration);

        var (code, errors) = await FailAsync(["--urls", "http://127.0.0.1:0", "--config", file]);

        Assert.Equal(2, code);
        Assert.Contains(expected, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_file_may_be_named_by_the_environment_and_must_be_there()
    {
        var (code, errors) = await FailAsync([], ("BROKER_CONFIG", "/nowhere/broker.conf"));

        Assert.Equal(2, code);
        Assert.Equal("/nowhere/broker.conf: there is no such file", Assert.Single(errors));
    }

    [Fact]
    public async Task A_wrong_value_of_the_environment_is_told_by_its_variable_and_never_shows_the_password()
    {
        var (code, errors) = await FailAsync([], ("BROKER_REDIS", "redis://:secret@127.0.0.1:port"));

        Assert.Equal(2, code);
        var line = Assert.Single(errors);
        Assert.StartsWith("environment variable BROKER_REDIS: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    /// <summary>It was taken for a defect, and ended with a stack trace.</summary>
    [Fact]
    public async Task A_link_port_that_is_taken_is_told_in_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

        var (code, errors) = await FailAsync([], ("BROKER_REDIS", "127.0.0.1:1"), ("BROKER_CLUSTER", "on"), ("BROKER_CLUSTER_PORT", port));

        Assert.Equal(3, code);
        Assert.StartsWith("cannot listen for other nodes: ", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--config: a file is missing", "--config")]
    [InlineData("--urls: a value is missing; --help", "--urls")]
    [InlineData("broker.conf: not an argument; --help", "broker.conf")]
    [InlineData("--urls: 'http://127.0.0.1:port' is not an address such as http://127.0.0.1:8000", "--urls", "http://127.0.0.1:port")]
    public async Task A_wrong_argument_stops_the_start(string expected, params string[] arguments)
    {
        var (code, errors) = await FailAsync(arguments);

        Assert.Equal(2, code);
        Assert.Equal(expected, Assert.Single(errors));
    }

    [Fact]
    public async Task A_port_in_use_stops_the_start_with_a_code_of_its_own()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (code, errors) = await FailAsync(["--urls", $"http://{other.LocalEndpoint}"]);

        Assert.Equal(3, code);
        Assert.StartsWith($"cannot listen: Failed to bind to address http://{other.LocalEndpoint}: address already in use", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_node_with_history_on_one_redis_says_why_it_does_not_start()
    {
        const string History = "broker.history { \"*\" { size = 10, ttl = 1m } }";
        await using var redis = await RedisServer.StartAsync();
        await using var first = await ServerProcess.StartAsync(History, ("BROKER_REDIS", redis.ConnectionString));
        using var folder = new TemporaryFolder();

        var (code, errors) = await FailAsync(
            ["--urls", "http://127.0.0.1:0", "--config", folder.Write("broker.conf", History)], ("BROKER_REDIS", redis.ConnectionString));

        Assert.Equal(4, code);
        Assert.StartsWith("another node with history uses this Redis and prefix", Assert.Single(errors), StringComparison.Ordinal);
    }

    private static async Task<(int Code, string[] Errors)> FailAsync(string[] arguments, params (string, string)[] environment)
    {
        await using var server = ServerProcess.Launch(["dotnet", ServerProcess.Assembly, .. arguments], environment);
        var code = await server.EndsAsync();

        // Akka.NET tells what fails in it by itself, too.
        if (Repository.IsBuiltin) Assert.Equal("", server.Output);
        return (code, server.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
