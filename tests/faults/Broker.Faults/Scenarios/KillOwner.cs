using System.Globalization;
using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Faults.Traffic;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>
/// Must-hold 2: <c>kill -9</c> of the node that owns most channels, again and again, each time with a fresh node in its place. What was acknowledged reaches the clients of the other
/// nodes, and the channels go on within the lease and a second.
/// </summary>
public static class KillOwner
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Kills as often as the scale says.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await FaultRun.StartAsync("kill-owner", scale, redis);
        var kills = new List<Kill>();
        for (var i = 0; i < scale.Times; i++)
        {
            await run.IsSettledAsync();
            await run.GoOnAsync();
            kills.Add(await KillAsync(run));
            await run.StartNodeAsync();
        }

        await run.IsSettledAsync();
        await run.GoOnAsync();
        await MeasureAsync(run, kills);
        return await run.EndAsync();
    }

    private static async Task<Kill> KillAsync(FaultRun run)
    {
        var owners = await run.OwnersAsync();
        var victim = owners.GroupBy(owner => owner).Where(group => group.Key is not null).MaxBy(group => group.Count())!.Key!;
        var owned = Enumerable.Range(0, owners.Count).Where(channel => owners[channel] == victim).ToList();

        var at = Clock.Now;
        Deployment.Kill(victim);

        // Redis has done what the dead node sent: what is written from now on is another owner's.
        var last = await Task.WhenAll(owned.Select(channel => History.LastOffsetAsync(run.Redis, run.Scale.Facilities[channel])));
        run.Tell($"node {victim.Number} is dead, the owner of {owned.Count} channels");
        var end = at + Clock.Of(Patience);
        foreach (var (channel, offset) in owned.Zip(last))
        {
            while (await History.LastOffsetAsync(run.Redis, run.Scale.Facilities[channel]) == offset && Clock.Now < end) await Task.Delay(50);
        }

        await run.Publishers.StopOnAsync(victim);
        return new Kill(at, [.. owned.Zip(last)]);
    }

    private static async Task MeasureAsync(FaultRun run, List<Kill> kills)
    {
        var (first, all) = (new List<double>(), new List<double>());
        foreach (var kill in kills)
        {
            var times = new List<double>();
            foreach (var (channel, last) in kill.Channels)
            {
                var history = await History.ReadAsync(run.Redis, run.Scale.Facilities[channel]);
                var deliveries = await run.Listeners.FirstDeliveriesAsync(channel);
                var later = history.Ids.Where((id, place) => history.Offsets[place] > last && deliveries.ContainsKey(id)).Select(id => deliveries[id]).ToList();
                if (later.Count == 0) run.Problem($"{run.Scale.Facilities[channel]}: nothing was delivered after the kill");
                else times.Add((later.Min() - kill.At) / 1e9);
            }

            if (times.Count == 0) continue;
            first.Add(times.Min());
            all.Add(times.Max());
        }

        run.Figure("kill to first delivery, its first channel: " + Text(first));
        run.Figure("kill to first delivery, all its channels:  " + Text(all));
        if (run.Scale.Times > 1 && Median(all) > run.Scale.Lease + 1) run.Problem($"the median of {Median(all):0.00} s is more than the lease of {run.Scale.Lease} s and a second");
    }

    private static string Text(List<double> times) => string.Create(
        CultureInfo.InvariantCulture, $"median {Median(times):0.00} s of {string.Join(" ", times.Select(time => time.ToString("0.00", CultureInfo.InvariantCulture)))}");

    private static double Median(List<double> times) => times.Count == 0 ? double.NaN : (times.Order().ElementAt((times.Count - 1) / 2) + times.Order().ElementAt(times.Count / 2)) / 2;

    /// <param name="At">When.</param>
    /// <param name="Channels">What the victim owned, and the newest offset of each that it wrote.</param>
    private sealed record Kill(long At, IReadOnlyList<(int Channel, long Last)> Channels);
}
