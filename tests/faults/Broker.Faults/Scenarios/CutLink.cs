using System.Net;
using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>
/// Must-hold 7: two nodes of three lose each other while both reach Redis and the third. No channel gets two owners; who cannot be served is told, and everything goes on when the link is back.
/// </summary>
public static class CutLink
{
    /// <summary>The link loses everything for four leases.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await FaultRun.StartAsync("cut-link", scale, redis, forwarded: true);
        await run.IsSettledAsync();
        await run.GoOnAsync();

        var (one, other) = (run.Deployment.Nodes[0], run.Deployment.Nodes[1]);
        Cut(one, other);
        Cut(other, one);
        run.Tell($"nodes {one.Number} and {other.Number} have lost each other");
        var twice = new List<string>();
        for (var end = Clock.Now + (4 * scale.Lease * Clock.Second); Clock.Now < end; await Task.Delay(200))
        {
            // Only what lasts: a channel that moves may be seen at both.
            var now = (await run.NotOnceSubscribedAsync()).Where(channel => !channel.EndsWith(" 0", StringComparison.Ordinal)).ToList();
            if (now.Intersect(twice).ToList() is { Count: > 0 } lasting) run.Problem("subscribed not once: " + string.Join(", ", lasting));
            twice = now;
        }

        one.Forwarder!.Mend();
        other.Forwarder!.Mend();
        run.Tell("the link is back");
        await run.GoOnAsync();
        await run.IsSettledAsync();
        await run.GoOnAsync();
        return await run.EndAsync();
    }

    /// <summary>What goes from one to the other's link port, and back on the same connection, is lost.</summary>
    private static void Cut(Node from, Node to)
    {
        var known = new Dictionary<int, bool>();
        to.Forwarder!.Cut(IsFrom);

        bool IsFrom(IPEndPoint peer)
        {
            lock (known)
            {
                if (!known.TryGetValue(peer.Port, out var isFrom)) known[peer.Port] = isFrom = SocketOwners.PortsOf(from.Process.Pid).Contains(peer.Port);
                return isFrom;
            }
        }
    }
}
