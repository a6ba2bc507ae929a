using Broker.Faults.Deployments;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>Must-hold 5: one node becomes three and one again. Channels move, nothing is lost.</summary>
public static class GrowAndShrink
{
    /// <summary>Half of the clients come when all three nodes are there.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        var half = scale with { Clients = scale.Clients / 2 };
        await using var run = await FaultRun.StartAsync("grow-and-shrink", half, redis, nodes: 1, settings: "shutdown { clients = 100, interval = 200ms }");
        await run.IsSettledAsync();
        await run.GoOnAsync();

        for (var i = 0; i < 2; i++)
        {
            await run.StartNodeAsync();
            await run.GoOnAsync();
            await run.IsSettledAsync();
        }

        await run.Listeners.AddAsync(half.Clients);
        var owners = (await run.OwnersAsync()).Distinct().Count();
        run.Figure($"with three nodes {owners} owned channels");
        if (owners == 1) run.Problem("no channel has moved");
        await run.GoOnAsync();

        foreach (var node in run.Deployment.Nodes.Take(2))
        {
            await run.Publishers.StopOnAsync(node);
            if (await Deployment.StopAsync(node) is not 0 and var code) run.Problem($"node {node.Number} ended with {code}");
            run.Tell($"node {node.Number} has gone");
            await run.IsSettledAsync();
            await run.GoOnAsync();
        }

        await run.Listeners.AreOpenAsync(2 * half.Clients);
        return await run.EndAsync();
    }
}
