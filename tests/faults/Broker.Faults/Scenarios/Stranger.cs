using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>Must-hold 8, with real processes: somebody who is no node talks to a link port while the cluster works.</summary>
public static class Stranger
{
    private const int Visits = 120;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Says nothing, a web request, noise, or a frame that announces a gigabyte.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await FaultRun.StartAsync("stranger", scale, redis, nodes: 2);
        await run.IsSettledAsync();
        await run.GoOnAsync();

        var node = run.Deployment.Nodes[0];
        var noise = new byte[4096];
        new Random(7).NextBytes(noise);
        byte[][] sayings = [[], Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: broker\r\n\r\n"), noise, [0x3f, 0xff, 0xff, 0xff, .. noise]];
        var before = node.ResidentBytes();
        var clock = Stopwatch.StartNew();
        foreach (var part in Enumerable.Range(0, Visits).Chunk(40)) await Task.WhenAll(part.Select(i => VisitAsync(node.LinkPort, sayings[i % sayings.Length])));

        run.Figure($"{Visits} visits, all cut off, in {clock.Elapsed.TotalSeconds:0.0} s");
        var more = node.ResidentBytes() - before;
        run.Figure($"resident memory grew by {more / 1024 / 1024} MiB under traffic");
        if (more > 64L << 20) run.Problem($"the node has grown by {more} bytes");
        await run.GoOnAsync();
        var lines = node.Log.Split('\n').Where(line => line.Contains("link", StringComparison.OrdinalIgnoreCase)).ToList();
        run.Figure($"{lines.Count} lines of its log name a link; the first: {lines.FirstOrDefault()?.Trim()}");
        return await run.EndAsync();
    }

    /// <summary>Until the node ends it.</summary>
    private static async Task VisitAsync(int port, byte[] saying)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await socket.SendAsync(saying);
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer).WaitAsync(Patience) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Cut off as well.
        }
    }
}
