using System.Text;
using Broker.Host.Server;
using Broker.Host.Tests.WebSockets;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.Server;

/// <summary>The threads that wait for the sockets of a server that is a process of its own.</summary>
public sealed class SocketThreadsTests
{
    private const string Processors = "DOTNET_PROCESSOR_COUNT";

    [Theory]
    [InlineData(null, 3)]
    [InlineData("5", 5)]
    public async Task There_are_half_as_many_as_processors_or_what_the_environment_says(string? said, int threads)
    {
        var environment = new List<(string, string)> { (Processors, "6") };
        if (said is not null) environment.Add((SocketThreads.Count, said));
        await using var server = await ServerProcess.StartAsync("", [.. environment]);

        var names = Directory.GetDirectories($"/proc/{server.Pid}/task").Select(thread => File.ReadAllText(Path.Combine(thread, "comm")));

        Assert.Equal(threads, names.Count(name => name.StartsWith(".NET Sockets", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Clients_that_wait_for_Redis_hold_up_nobody()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await ServerProcess.StartAsync(
            $"broker {{ access = open, redis {{ connection = \"{redis.ConnectionString}\", timeout = 60s }}, websocket.subscribe-timeout = 60s, publish-timeout = 60s }}",
            (SocketThreads.Count, "1"));
        await redis.PauseAsync();

        var waiting = new List<RawClient>();
        for (var i = 0; i < 20; i++)
        {
            waiting.Add(await RawClient.ConnectAsync(server.Port));
            await waiting[i].SendAsync(Encoding.ASCII.GetBytes(RawClient.Handshake.Replace("/ws/foobar", $"/ws/foobar-{i}?subscribe-broadcast", StringComparison.Ordinal)));
        }

        using var http = new HttpClient();
        var publishing = http.PostAsync(server.Address + "/publish/foobar?publish-broadcast", new StringContent("hello"));
        Assert.Equal("live", (await http.GetStringAsync(server.Address + "/health/live").WaitAsync(Deadline.Fact)).Trim());
        using (var publisher = await RawClient.OpenAsync(server.Port, target: "/ws/foobar?publish-broadcast")) await publisher.SendAsync(ClientFrames.Text("x"));
        Assert.False(publishing.IsCompleted);

        await redis.ResumeAsync();
        foreach (var client in waiting)
        {
            Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
            client.Dispose();
        }

        using var answer = await publishing.WaitAsync(Deadline.Fact);
        Assert.True(answer.IsSuccessStatusCode);
    }
}
