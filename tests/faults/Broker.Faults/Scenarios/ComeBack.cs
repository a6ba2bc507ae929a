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

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>A hundred clients on each channel at full size.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync();
        return await RunAsync("come-back", scale, redis, static () => Task.CompletedTask);
    }

    /// <summary>And Redis dies as they come, and comes back after a lease with what it acknowledged.</summary>
    public static async Task<Verdict> WithoutRedisAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync(null, "--appendonly", "yes", "--appendfsync", "always");
        return await RunAsync("come-back-redis", scale, redis, async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            redis.Kill();
            await Task.Delay(TimeSpan.FromSeconds(scale.Lease + 1));
            await redis.RestartAsync();
        });
    }

    /// <param name="meanwhile">What else happens when the node is dead.</param>
    private static async Task<Verdict> RunAsync(string scenario, Scale scale, RedisServer redis, Func<Task> meanwhile)
    {
        var (channels, clients, perSecond) = scale == Scale.Full ? (100, 10_000, 10) : (5, 200, 10);
        string[] facilities = [.. Enumerable.Range(0, channels).Select(number => $"room-{number:000}")];
        string[] names = [.. facilities.Select(History.ChannelOf)];
        var (problems, figures) = (new List<string>(), new List<string>());

        var settings = $$"""history { "*" { size = 5000, ttl = 5m } }, cluster.lease = {{scale.Lease}}s, api-key = "{{Key}}" """;
        await using var deployment = new Deployment(redis.ConnectionString, settings, forwarded: false);
        for (var i = 0; i < 3; i++) await deployment.StartNodeAsync();
        var (victim, others) = (deployment.Nodes[0], deployment.Nodes.Skip(1).ToList());

        await using (var crowd = new RichCrowd(deployment))
        {
            // The others: one on each channel and node that lives on.
            var standing = others.Count * channels;
            await crowd.AddAsync(from node in others from channel in Enumerable.Range(0, channels) select (channel, names[channel], node));
            await crowd.AddAsync(Enumerable.Range(0, clients).Select(number => (number % channels, names[number % channels], victim)));
            Console.WriteLine($"{clients} clients on one node, {standing} on the others");

            await using var broadcaster = new Broadcaster(deployment, names, perSecond, Key);
            await Task.Delay(scale.Time);
            var owned = (await Owners.OfAsync(redis, deployment, facilities)).Select(owner => owner == victim).ToList();

            var killedAt = Clock.Now;
            Deployment.Kill(victim);
            await meanwhile();
            if (!await HoldsAsync(() => crowd.LookAsync(all => all.Skip(standing).All(client => client.SubscribedAt > killedAt)))) problems.Add("not all clients have come back");
            await Task.Delay(scale.Time);
            await broadcaster.StopAsync();
            var publishes = broadcaster.Ended;

            var histories = new List<History>();
            foreach (var facility in facilities) histories.Add(await History.ReadAsync(redis, facility));
            await HoldsAsync(() => crowd.LookAsync(all => all.All(client => client.Got.Count > 0 && client.Got[^1].Id == histories[client.Channel].Ids[^1])));

            await crowd.LookAsync(all =>
            {
                var carriedOut = 0;
                for (var channel = 0; channel < channels; channel++)
                {
                    var judgement = new Judgement(facilities[channel], histories[channel], mayForget: false);
                    judgement.JudgeHistory();
                    judgement.JudgePublishes(publishes.Where(publish => publish.Channel == channel));
                    foreach (var client in all.Where(client => client.Channel == channel))
                    {
                        judgement.JudgeListener("a client", client.Got.Select(got => got.Id), isOpen: true, client.TornAt);
                        problems.AddRange(client.Problems.Select(problem => $"{facilities[channel]}: {problem}"));
                    }

                    problems.AddRange(judgement.Problems);
                    carriedOut += judgement.CarriedOut;
                }

                var returned = all.Skip(standing).ToList();
                var back = returned.Max(client => client.SubscribedAt);
                var sentAt = publishes.Where(publish => publish.Channel == 0).ToDictionary(publish => publish.Id, publish => publish.Began);
                foreach (var dead in new[] { false, true })
                {
                    var (lose, stay) = (returned.Where(IsOf).ToList(), all.Take(standing).Where(IsOf).ToList());
                    figures.Add($"channels that {(dead ? "the dead node" : "others")} owned: kill to recovery: {Figures.Times(lose.Select(client => client.SubscribedAt - killedAt))}");
                    figures.Add($"  publish to delivery, before, at those who lose their node: {Figures.Times(Delivered(lose, 0, killedAt))}");
                    figures.Add($"  before, at those who stay: {Figures.Times(Delivered(stay, 0, killedAt))}");
                    figures.Add($"  from the kill to the last one's recovery, at those who stay: {Figures.Times(Delivered(stay, killedAt, back))}");

                    bool IsOf(RichClient client) => owned[client.Channel] == dead;
                }

                IEnumerable<long> Delivered(IEnumerable<RichClient> clients, long from, long to) =>
                    from client in clients from got in client.Got where sentAt[got.Id] >= @from && sentAt[got.Id] < to select got.At - sentAt[got.Id];

                var failed = publishes.Where(publish => publish.Outcome == Outcome.Unknown).ToList();
                figures.Add($"{returned.Count(client => client.TornAt.Count > 0)} of {returned.Count} were told that they could not recover; {all.Sum(client => (long)client.Got.Count)} deliveries");
                figures.Add($"{publishes.Count - failed.Count} publishes acknowledged, {failed.Count} not ({Figures.Counts(failed.Select(publish => publish.Answer))}), of which {carriedOut} were carried out");
                return true;
            });
            figures.Add("websockets and subscriptions ended or refused: " + crowd.Ends);
        }

        foreach (var node in others)
            if (!await HoldsAsync(async () => await node.MetricAsync("broker_connections") == 0 && await node.MetricAsync("broker_relays") == 0)) problems.Add($"node {node.Number} keeps connections or relays of clients that have gone");

        return new Verdict(scenario, problems, figures, problems.Count > 0 ? deployment.SaveLogs() : null);
    }

    /// <returns>False if it takes too long.</returns>
    private static async Task<bool> HoldsAsync(Func<Task<bool>> fact)
    {
        for (var end = Clock.Now + Clock.Of(Patience); Clock.Now < end; await Task.Delay(100))
            if (await fact()) return true;

        return false;
    }
}
