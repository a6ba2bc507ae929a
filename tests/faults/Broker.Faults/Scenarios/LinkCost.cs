using System.Globalization;
using Broker.Faults.Deployments;
using Broker.Faults.Traffic;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>Must-hold 9: what a publication costs on the links grows with the nodes that have subscribers, and not with the clients. Counted outside, by what stands before the link ports.</summary>
public static class LinkCost
{
    /// <summary>Two and three nodes; then ten times the clients.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        var few = scale with { Clients = scale.Channels * 3 };
        var many = scale with { Clients = 10 * few.Clients };
        var figures = new List<string>();
        var problems = new List<string>();
        var bytes = new List<double>();
        foreach (var (nodes, size) in new[] { (2, few), (3, few), (3, many) })
        {
            await using var redis = await RedisServer.StartAsync();
            await using var run = await FaultRun.StartAsync("link-cost", size, redis, nodes, forwarded: true);
            await run.IsSettledAsync();
            var (before, published) = (Bytes(run.Deployment), Acknowledged(run));
            for (var i = 0; i < 3; i++) await run.GoOnAsync();
            bytes.Add((Bytes(run.Deployment) - before) / (Acknowledged(run) - published));
            figures.Add(string.Create(CultureInfo.InvariantCulture, $"{nodes} nodes, {size.Clients} clients: {bytes[^1]:0} bytes per publication on all links"));
            problems.AddRange((await run.EndAsync()).Problems);
        }

        if (bytes[2] > 1.1 * bytes[1]) problems.Add($"ten times the clients cost {bytes[2] / bytes[1]:0.00} times the bytes");
        return new Verdict("link-cost", problems, figures, null);
    }

    private static double Bytes(Deployment deployment) => deployment.Nodes.Sum(node => node.Forwarder!.Bytes);

    private static double Acknowledged(FaultRun run) => run.Publishers.Ended.Count(publish => publish.Outcome == Outcome.Acknowledged);
}
