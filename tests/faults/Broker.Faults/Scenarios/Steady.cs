using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>Must-hold 1: nothing happens. Each channel has one Redis subscription in the whole cluster, and every client gets every publication once and in order.</summary>
public static class Steady
{
    /// <summary>Six times the usual time: a minute at full size.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await FaultRun.StartAsync("steady", scale, redis);
        await run.IsSettledAsync();

        var (looks, moved) = (0, 0);
        var before = await run.OwnersAsync();
        for (var end = DateTime.UtcNow + (6 * scale.Time); DateTime.UtcNow < end; looks++)
        {
            var wrong = await run.NotOnceSubscribedAsync();
            var after = await run.OwnersAsync();
            var isStill = after.SequenceEqual(before);
            if (!isStill) moved++;
            else if (wrong.Count > 0) run.Problem($"PUBSUB NUMSUB, look {looks}: " + string.Join(", ", wrong));
            before = after;
            await Task.Delay(500);
        }

        run.Figure($"PUBSUB NUMSUB was 1 for every channel, {looks} times, of which {moved} in a hand-over do not count");
        var owners = await run.OwnersAsync();
        run.Figure("channels per owner: " + string.Join(", ", owners.GroupBy(owner => owner?.Number).OrderBy(group => group.Key).Select(group => $"node {group.Key}: {group.Count()}")));
        return await run.EndAsync();
    }
}
