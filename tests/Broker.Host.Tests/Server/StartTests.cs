using System.Net;

namespace Broker.Host.Tests.Server;

/// <summary>How the server is started: as a program, and by dotnet run.</summary>
public sealed class StartTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task The_start_line_says_where_clients_go()
    {
        await using var server = await ServerProcess.StartAsync("broker.websocket.path = /sockets/");

        Assert.Equal($"Broker is ready: ws://127.0.0.1:{server.Port}/sockets/", server.ReadyLine);
        Assert.Equal("live\n", await Http.GetStringAsync($"{server.Address}/health/live"));
    }

    [Fact]
    public async Task Its_log_may_be_json_and_as_detailed_as_the_environment_wants()
    {
        await using var server = await ServerProcess.StartAsync(
            "", ("ASPNETCORE_ENVIRONMENT", "Development"), ("Logging__Console__FormatterName", "json"), ("Logging__LogLevel__Microsoft", "Information"));

        var lines = server.Output.Split('\n').Where(line => line.StartsWith('{')).ToArray();
        Assert.Contains(lines, line => line.Contains("\"Category\":\"Broker.Host.Access\"", StringComparison.Ordinal));
        await Eventually.IsTrueAsync(() => Task.FromResult(server.Output.Contains("\"Category\":\"Microsoft.Hosting.Lifetime\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task As_a_program_it_is_Production_and_shows_no_page()
    {
        await using var server = await ServerProcess.StartAsync();

        Assert.Contains("\"development\":false", await Http.GetStringAsync($"{server.Address}/broker-config.js"), StringComparison.Ordinal);
        using var page = await Http.GetAsync(new Uri(server.Address + "/"));
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
    }

    [Fact]
    public async Task Dotnet_run_is_Development_with_the_page_and_heartbeats_where_the_environment_says()
    {
        await using var server = ServerProcess.Launch(DotnetRun, ("ASPNETCORE_URLS", "http://127.0.0.1:0"));
        await server.IsReadyAsync();

        var configuration = await Http.GetStringAsync($"{server.Address}/broker-config.js");
        Assert.Contains("\"development\":true", configuration, StringComparison.Ordinal);
        Assert.Contains("\"heartbeat\":\"--heartbeat--\"", configuration, StringComparison.Ordinal);
        Assert.EndsWith($"  page {server.Address}/", server.ReadyLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_of_ones_own_take_the_place_of_the_profiles_and_it_stays_Development()
    {
        await using var server = Run([]);
        await server.IsReadyAsync();

        var configuration = await Http.GetStringAsync($"{server.Address}/broker-config.js");
        Assert.Contains("\"development\":true", configuration, StringComparison.Ordinal);
        Assert.Contains("\"heartbeat\":null", configuration, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ASPNETCORE_ENVIRONMENT")]
    [InlineData("DOTNET_ENVIRONMENT")]
    public async Task The_callers_environment_wins_also_under_dotnet_run(string variable)
    {
        await using var server = Run([], (variable, "Production"));
        await server.IsReadyAsync();

        Assert.Contains("\"development\":false", await Http.GetStringAsync($"{server.Address}/broker-config.js"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configuration_of_the_user_wins_over_the_demos()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("broker.conf", "broker.websocket.heartbeat = beep");
        await using var server = Run(["--demo", "--config", file]);
        await server.IsReadyAsync();

        Assert.Contains("\"heartbeat\":\"beep\"", await Http.GetStringAsync($"{server.Address}/broker-config.js"), StringComparison.Ordinal);
    }

    /// <summary>Of what is built already, in the configuration of these tests.</summary>
    private static string[] DotnetRun { get; } =
        ["dotnet", "run", "--no-build", "-c", Repository.Configuration, $"-p:ActorEngine={Repository.ActorEngine}", "--project", Path.Combine(Repository.Root, "src/Broker.Host")];

    private static ServerProcess Run(string[] arguments, params (string, string)[] environment) =>
        ServerProcess.Launch([.. DotnetRun, "--", "--urls", "http://127.0.0.1:0", .. arguments], environment);
}
