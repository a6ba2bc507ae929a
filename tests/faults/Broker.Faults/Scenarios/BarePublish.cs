using System.Globalization;
using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Faults.Traffic;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>
/// What is published on Redis itself is at most once while a channel goes from one owner to another: how long that is, when the owner dies and when it leaves. It promises nothing but that
/// nothing is doubled.
/// </summary>
public static class BarePublish
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <summary>An owner is killed, then one leaves.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await FaultRun.StartAsync("bare-publish", scale, redis);
        await run.IsSettledAsync();
        await using var bare = new BarePublisher(redis, scale.Facilities, Pace);
        await run.GoOnAsync();

        var killed = Clock.Now;
        var victim = run.Deployment.Nodes[0];
        Deployment.Kill(victim);
        run.Tell($"node {victim.Number} is dead");
        await run.Publishers.StopOnAsync(victim);
        await run.IsSettledAsync();
        await run.GoOnAsync();

        var left = Clock.Now;
        var leaver = run.Deployment.Nodes[1];
        await run.Publishers.StopOnAsync(leaver);
        await Deployment.StopAsync(leaver);
        run.Tell($"node {leaver.Number} has gone");
        await run.IsSettledAsync();
        await run.GoOnAsync();
        var end = Clock.Now;
        await bare.StopAsync();

        // Whoever comes now begins with the last message, which is one of Broker's: then it is the newest one, too.
        await run.GoOnAsync();
        var verdict = await run.EndAsync();
        var histories = new List<History>();
        foreach (var facility in scale.Facilities) histories.Add(await History.ReadAsync(redis, facility));
        return verdict with
        {
            Figures =
            [
                "nothing happens: " + Text(await bare.LossesAsync(histories, 0, killed)),
                "the owner dies: " + Text(await bare.LossesAsync(histories, killed, left)),
                "the owner leaves: " + Text(await bare.LossesAsync(histories, left, end)),
                .. verdict.Figures,
            ],
        };
    }

    private static string Text((int Lost, IReadOnlyList<TimeSpan> Windows) losses) => losses.Lost == 0
        ? "none lost"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{losses.Lost} lost on {losses.Windows.Count} channels, within {losses.Windows.Order().ElementAt(losses.Windows.Count / 2).TotalSeconds:0.00} s in the median, {losses.Windows.Max().TotalSeconds:0.00} s at most");
}
