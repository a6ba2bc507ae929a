using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>Must-hold 4: every node is stopped and replaced, one after the other. Clients on living nodes notice nothing; the others come back in the configured pace.</summary>
public static class RollingRestart
{
    /// <summary>A new node comes before the old one goes, as in a deploy with a surge.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        var perSecond = scale.Clients / 9;
        var settings = $"shutdown {{ clients = {perSecond / 10}, interval = 100ms, drain = 60s }}";
        await using var run = await FaultRun.StartAsync("rolling-restart", scale, redis, settings: settings);
        await run.IsSettledAsync();
        await run.GoOnAsync();

        foreach (var node in run.Deployment.Nodes)
        {
            await run.StartNodeAsync();
            await run.Publishers.StopOnAsync(node);
            var began = Clock.Now;
            if (await Deployment.StopAsync(node) is not 0 and var code) run.Problem($"node {node.Number} ended with {code}");
            run.Tell($"node {node.Number} has gone");
            run.Figure($"node {node.Number} took {(Clock.Now - began) / 1e9:0.0} s to go");
            await run.IsSettledAsync();
            await run.GoOnAsync();
        }

        await run.Listeners.AreOpenAsync(scale.Clients);
        var ends = await run.Listeners.LookAsync(all => all.Where(one => one.EndedAt > 0).Select(one => (one.EndedAt, one.CloseCode)).Order().ToList());
        var most = Pace.MostInASecond([.. ends.Select(end => end.EndedAt)]);
        run.Figure($"{ends.Count} websockets were closed, {most} in the second with the most; the pace is {perSecond}");

        // A second of the clock may hold one interval more than a second has. Beside other tests the harness itself may be late, and sees at once what was done one after the other.
        var limit = scale.Times > 1 ? perSecond + (perSecond / 10) : 2 * perSecond;
        if (most > limit) run.Problem($"{most} websockets were closed within a second; the pace is {perSecond}");
        if (ends.Any(end => end.CloseCode is not (1001 or 1012 or (>= 3000 and < 3500)))) run.Problem("websockets ended without a word to come back");
        return await run.EndAsync();
    }
}
