using Broker.Faults.Deployments;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>Must-hold 3: the node that owns most channels stands still for three leases and goes on as if nothing had been. Nothing that it does as a superseded owner takes effect.</summary>
public static class PauseOwner
{
    /// <summary>15 s at full size.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await FaultRun.StartAsync("pause-owner", scale, redis);
        await run.IsSettledAsync();
        await run.GoOnAsync();

        var owner = (await run.OwnersAsync()).GroupBy(owner => owner).MaxBy(group => group.Count())!.Key!;
        Deployment.Pause(owner);
        owner.IsOpen = false;
        run.Tell($"node {owner.Number} stands still");
        await Task.Delay(TimeSpan.FromSeconds(3 * scale.Lease));
        var others = (await run.OwnersAsync()).Count(one => one is { IsOpen: true });
        if (others < scale.Channels) run.Problem($"only {others} channels had another owner while node {owner.Number} stood still");

        Deployment.Resume(owner);
        owner.IsOpen = true;
        run.Tell($"node {owner.Number} goes on");
        await run.GoOnAsync();
        await run.IsSettledAsync();
        await run.GoOnAsync();
        return await run.EndAsync();
    }
}
