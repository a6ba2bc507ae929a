using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Broker.Host.Tests.Server;

/// <summary><c>cluster.sh</c>, as README says.</summary>
public sealed partial class ClusterScriptTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task Three_nodes_are_one_broker_and_all_of_it_is_gone_after_the_signal()
    {
        await using var script = ServerProcess.Launch(
            ["bash", Path.Combine(Repository.Root, "cluster.sh"), "3", "0"], IsReady(), ("BROKER_HOST", ServerProcess.Assembly));
        var (processes, exitCode) = (Array.Empty<int>(), 0);
        try
        {
            await script.IsReadyAsync();
            processes = await DeliverAsync(script);
        }
        finally
        {
            // Its Redis is a daemon: nobody but the script ends it.
            script.Signal("-TERM");
            exitCode = await script.EndsAsync();
        }

        Assert.Equal(0, exitCode);
        Assert.All(processes, process => Assert.False(IsAlive(process)));
        Assert.Equal("", script.Errors);
    }

    /// <returns>The script's processes.</returns>
    private static async Task<int[]> DeliverAsync(ServerProcess script)
    {
        var nodes = script.ReadyLine.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith("ws://", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, nodes.Length);
        var processes = Processes().Matches(script.Output).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
        // With the Redis of its own.
        Assert.Equal(4, processes.Length);
        Assert.All(processes, process => Assert.True(IsAlive(process)));

        using var third = new ClientWebSocket();
        await third.ConnectAsync(new Uri(nodes[2] + "chat-room?subscribe-broadcast"), default);
        using var body = new StringContent("from the first to the third");
        using var answer = await Http.PostAsync(new Uri($"{script.Address}/publish/chat-room?publish-broadcast"), body);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("from the first to the third", await TextAsync(third));
        return processes;
    }

    /// <summary>The next message that is no heartbeat of the demo.</summary>
    private static async Task<string> TextAsync(ClientWebSocket client)
    {
        var buffer = new byte[1000];
        while (true)
        {
            var received = await client.ReceiveAsync(buffer, default).WaitAsync(Deadline);
            var text = Encoding.UTF8.GetString(buffer, 0, received.Count);
            if (text != "--heartbeat--") return text;
        }
    }

    private static bool IsAlive(int process) => Directory.Exists($"/proc/{process}");

    [GeneratedRegex("^The cluster is ready: ws(://[^/ ]+)/")]
    private static partial Regex IsReady();

    [GeneratedRegex("  process ([0-9]+)")]
    private static partial Regex Processes();
}
