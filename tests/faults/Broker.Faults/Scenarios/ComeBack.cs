using System.Globalization;
using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Faults.Returning;
using Broker.Faults.Traffic;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>
/// All rich clients but a few are on one node, and it is killed: they come back to two others with their positions, while every channel goes on. Each ends with every publication once and in
/// order, or was told that it could not recover.
/// </summary>
public static class ComeBack
{
    private const string Key = "the key of the fault tests";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A hundred clients on each channel at full size.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        var (channels, clients, perSecond) = scale == Scale.Full ? (100, 10_000, 10) : (5, 200, 10);
        string[] facilities = [.. Enumerable.Range(0, channels).Select(number => $"room-{number:000}")];
        string[] names = [.. facilities.Select(History.ChannelOf)];

        await using var redis = await RedisServer.StartAsync();
        var settings = $$"""history { "*" { size = 5000, ttl = 5m } }, cluster.lease = {{scale.Lease}}s, api-key = "{{Key}}" """;
        await using var deployment = new Deployment(redis.ConnectionString, settings, forwarded: false);
        for (var i = 0; i < 3; i++) await deployment.StartNodeAsync();
        await using var crowd = new RichCrowd(deployment);
        var (victim, others) = (deployment.Nodes[0], deployment.Nodes.Skip(1).ToList());

        // The others: one on each channel and node that lives on.
        await crowd.AddAsync(from node in others from channel in Enumerable.Range(0, channels) select (channel, names[channel], node));
        await crowd.AddAsync(Enumerable.Range(0, clients).Select(number => (number % channels, names[number % channels], victim)));
        Console.WriteLine($"{clients} clients on one node, {others.Count * channels} on the others");

        await using var broadcaster = new Broadcaster(deployment, names, perSecond, Key);
        await Task.Delay(scale.Time);
        var owned = (await Owners.OfAsync(redis, deployment, facilities)).Select(owner => owner == victim).ToList();

        var killedAt = Clock.Now;
        Deployment.Kill(victim);
        await WaitAsync(async () => await crowd.LookAsync(all => all.Skip(others.Count * channels).All(client => client.SubscribedAt > killedAt)), "the clients do not come back");
        await Task.Delay(scale.Time);
        await broadcaster.StopAsync();

        var histories = new List<History>();
        foreach (var facility in facilities) histories.Add(await History.ReadAsync(redis, facility));
        await WaitAsync(() => crowd.LookAsync(all => all.All(client => client.Got.Count > 0 && client.Got[^1].Id == histories[client.Channel].Ids[^1])), null);

        var (problems, figures) = (new List<string>(), new List<string>());
        await crowd.LookAsync(all =>
        {
            foreach (var client in all) Judge(client, histories[client.Channel], problems);
            var returned = all.Skip(others.Count * channels).ToList();
            var back = returned.Max(client => client.SubscribedAt);
            figures.Add(string.Create(CultureInfo.InvariantCulture, $"kill to last client subscribed again: {(back - killedAt) / 1e9:0.00} s; {returned.Count(client => client.TornAt.Count > 0)} of {returned.Count} were told that they could not recover"));

            var standing = all.Take(others.Count * channels).ToList();
            foreach (var (what, its) in new[] { ("channels of other owners", false), ("channels that the dead node owned", true) })
            {
                var clientsOf = standing.Where(client => owned[client.Channel] == its).ToList();
                figures.Add($"{what}: publish to delivery at the others, before {Times(clientsOf, broadcaster, 0, killedAt)}, from the kill to the last one's return {Times(clientsOf, broadcaster, killedAt, back)}");
            }

            return true;
        });
        foreach (var (channel, id) in broadcaster.Acknowledged)
            if (!histories[channel].Ids.Contains(id)) problems.Add($"{names[channel]}: {id} was acknowledged and is not there");

        figures.Add($"{broadcaster.Acknowledged.Count} publishes acknowledged, {broadcaster.Failed} not; websockets ended, commands refused: {crowd.Ends}");
        return new Verdict("come-back", [.. problems.Take(20)], figures, problems.Count > 0 ? deployment.SaveLogs() : null);
    }

    private static void Judge(RichClient client, History history, List<string> problems)
    {
        problems.AddRange(client.Problems.Select(problem => $"{client.Name}: {problem}"));
        if (client.Got.Count == 0)
        {
            problems.Add($"{client.Name}: a client got nothing");
            return;
        }

        var place = history.Ids.ToList().IndexOf(client.Got[0].Id);
        for (var i = 1; i < client.Got.Count; i++)
        {
            var next = client.TornAt.Contains(i) ? history.Ids.ToList().IndexOf(client.Got[i].Id) : place + 1;
            if (next <= place || next >= history.Ids.Count || history.Ids[next] != client.Got[i].Id)
            {
                problems.Add($"{client.Name}: got {client.Got[i].Id} after {client.Got[i - 1].Id}");
                return;
            }

            place = next;
        }

        if (place != history.Ids.Count - 1) problems.Add($"{client.Name}: the last {history.Ids.Count - 1 - place} are missing");
    }

    private static string Times(IEnumerable<RichClient> clients, Broadcaster broadcaster, long from, long to)
    {
        var times = clients.SelectMany(client => client.Got)
            .Where(got => broadcaster.SentAt.TryGetValue(got.Id, out var sent) && sent >= from && sent < to)
            .Select(got => got.At - broadcaster.SentAt[got.Id]).Order().ToList();
        return times.Count == 0
            ? "-"
            : string.Create(CultureInfo.InvariantCulture, $"median {times[times.Count / 2] / 1e6:0} ms, 99 % {times[times.Count * 99 / 100] / 1e6:0} ms, longest {times[^1] / 1e6:0} ms");
    }

    /// <param name="otherwise">What to say when it takes too long; null to go on and judge.</param>
    private static async Task WaitAsync(Func<Task<bool>> holds, string? otherwise)
    {
        var end = Clock.Now + Clock.Of(Patience);
        while (!await holds())
        {
            if (Clock.Now > end)
            {
                if (otherwise is null) return;
                throw new InvalidOperationException(otherwise);
            }

            await Task.Delay(100);
        }
    }
}
