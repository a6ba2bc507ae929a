using System.Diagnostics;
using System.Net;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.Server;

public sealed class HealthTests
{
    [Fact]
    public async Task It_is_live_and_ready_on_the_embedded_store()
    {
        await using var server = await LocalServer.StartAsync();

        Assert.Equal((HttpStatusCode.OK, "live\n"), await AskAsync(server, "/health/live"));
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await AskAsync(server, "/health/ready"));
    }

    [Fact]
    public async Task Without_its_redis_it_is_live_but_not_ready_and_ready_again_once_redis_is_back()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await LocalServer.StartAsync($"broker.redis.connection = \"{redis.ConnectionString}\"");
        await IsEventuallyAsync(server, (HttpStatusCode.OK, "ready\n"));

        redis.Kill();
        await IsEventuallyAsync(server, (HttpStatusCode.ServiceUnavailable, "not ready: redis does not answer\n"));
        Assert.Equal((HttpStatusCode.OK, "live\n"), await AskAsync(server, "/health/live"));

        await redis.RestartAsync();
        await IsEventuallyAsync(server, (HttpStatusCode.OK, "ready\n"));
    }

    [Fact]
    public async Task A_redis_that_hangs_is_told_within_two_seconds()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await LocalServer.StartAsync($"broker {{ redis.connection = \"{redis.ConnectionString}\", redis.timeout = 20s }}");
        await IsEventuallyAsync(server, (HttpStatusCode.OK, "ready\n"));

        await redis.PauseAsync();
        var clock = Stopwatch.StartNew();
        var answer = await AskAsync(server, "/health/ready");
        var took = clock.Elapsed;
        await redis.ResumeAsync();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not ready: redis does not answer\n"), answer);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(LocalServer server, string path)
    {
        using var answer = await server.Client.GetAsync(path);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Task IsEventuallyAsync(LocalServer server, (HttpStatusCode, string) expected) =>
        Eventually.IsAsync(expected, () => AskAsync(server, "/health/ready"));
}
