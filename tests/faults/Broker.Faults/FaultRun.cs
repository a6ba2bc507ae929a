using System.Globalization;
using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Faults.Traffic;
using Broker.Testing.Redis;

namespace Broker.Faults;

/// <summary>One run of one scenario: a deployment under traffic, what was noted, and the judgement in the end.</summary>
internal sealed class FaultRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _scenario;
    private readonly List<string> _problems = [];
    private readonly List<string> _figures = [];
    private readonly long _began = Clock.Now;

    private FaultRun(string scenario, Scale scale, RedisServer redis, Deployment deployment)
    {
        (_scenario, Scale, Redis, Deployment) = (scenario, scale, redis, deployment);
        Listeners = new Listeners(deployment, scale.Facilities);
    }

    public Scale Scale { get; }

    /// <summary>The one that is the master.</summary>
    public RedisServer Redis { get; set; }

    public Deployment Deployment { get; }

    public Listeners Listeners { get; }

    public Publishers Publishers { get; private set; } = null!;

    /// <summary>Redis itself may lose what it has taken: a replica takes over.</summary>
    public bool RedisMayForget { get; init; }

    /// <summary>Starts the nodes, and the traffic on all of them.</summary>
    public static async Task<FaultRun> StartAsync(
        string scenario, Scale scale, RedisServer redis, int nodes = 3, string settings = "", string? connection = null, bool forwarded = false, bool redisMayForget = false)
    {
        var all = $$"""history { "*" { size = 200000, ttl = 1h } }, cluster.lease = {{scale.Lease}}s, outbox = 16MiB, {{settings}}""";
        var run = new FaultRun(scenario, scale, redis, new Deployment(connection ?? redis.ConnectionString, all, forwarded)) { RedisMayForget = redisMayForget };
        try
        {
            for (var i = 0; i < nodes; i++) await run.Deployment.StartNodeAsync();
            await run.Listeners.AddAsync(scale.Clients);
            run.Publishers = new Publishers(scale.Facilities, scale.PerSecond, nodes);
            await run.EverybodyListensAsync();
            foreach (var node in run.Deployment.Open) run.Publishers.StartOn(node);
            run.Tell($"{nodes} nodes, {scale.Clients} clients and the publishers are there");
            return run;
        }
        catch
        {
            run.Tell("logs in " + run.Deployment.SaveLogs());
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>For who watches.</summary>
    public void Tell(string what) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(Clock.Now - _began) / 1e9,7:0.0} s  {what}"));

    public void Problem(string problem) => _problems.Add(problem);

    public void Figure(string figure) => _figures.Add(figure);

    /// <summary>The traffic goes on for a while.</summary>
    public Task GoOnAsync() => Task.Delay(Scale.Time);

    public async Task<Node> StartNodeAsync()
    {
        var node = await Deployment.StartNodeAsync();
        Publishers.StartOn(node);
        Tell($"node {node.Number} is there");
        return node;
    }

    public Task<IReadOnlyList<Node?>> OwnersAsync() => Owners.OfAsync(Redis, Deployment, Scale.Facilities);

    /// <summary>The channels of which Redis says that they have not one subscription.</summary>
    public async Task<IReadOnlyList<string>> NotOnceSubscribedAsync()
    {
        var answer = (await Redis.CliAsync(["PUBSUB", "NUMSUB", .. Scale.Facilities.Select(History.ChannelOf)])).Split('\n');
        return [.. answer.Chunk(2).Where(pair => pair[1] != "1").Select(pair => $"{pair[0]} {pair[1]}")];
    }

    /// <summary>Until every channel has one owner, who lives, and one subscription.</summary>
    public async Task IsSettledAsync()
    {
        var end = Clock.Now + Clock.Of(Patience);
        while (true)
        {
            var unowned = (await OwnersAsync()).Count(owner => owner is not { IsOpen: true });
            var subscriptions = await NotOnceSubscribedAsync();
            if (unowned == 0 && subscriptions.Count == 0) return;
            if (Clock.Now > end)
            {
                Problem($"{unowned} channels have no living owner; subscriptions: {string.Join(", ", subscriptions)}");
                return;
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Ends the traffic, waits until everybody has what he must get, and judges.</summary>
    public async Task<Verdict> EndAsync()
    {
        await Publishers.StopAsync();
        var publishes = Publishers.Ended;
        Tell($"{publishes.Count} publishes have ended");

        var histories = await ArriveAsync();
        var (forgotten, carriedOut, delivered) = (0, 0, 0L);
        for (var channel = 0; channel < Scale.Channels; channel++)
        {
            var judgement = new Judgement(Scale.Facilities[channel], histories[channel], RedisMayForget);
            judgement.JudgeHistory();
            judgement.JudgePublishes(publishes.Where(publish => publish.Channel == channel));
            delivered += await Listeners.LookAsync(listeners =>
            {
                var its = listeners.Where(listener => listener.Channel == channel).ToList();
                foreach (var listener in its) judgement.JudgeListener($"a listener of node {listener.Node.Number}", listener.Got, listener.EndedAt == 0);
                return its.Sum(listener => (long)listener.Got.Count);
            });

            _problems.AddRange(judgement.Problems);
            forgotten += judgement.Forgotten;
            carriedOut += judgement.CarriedOut;
        }

        var failed = publishes.Where(publish => publish.Outcome == Outcome.Unknown).ToList();
        Figure($"{publishes.Count - failed.Count} publishes acknowledged, {failed.Count} not ({Figures.Counts(failed.Select(publish => publish.Answer))}), of which {carriedOut} were carried out");
        Figure($"{delivered} deliveries to {await Listeners.LookAsync(all => all.Count)} websockets of {Scale.Clients} clients; ended: {Figures.Counts(await Listeners.LookAsync(all => all.Where(one => one.EndedAt > 0).Select(one => one.Why!).ToList()))}");
        if (forgotten > 0) Figure($"{forgotten} deliveries of what Redis itself forgot");
        await LatencyAsync(publishes);

        return new Verdict(_scenario, [.. _problems], [.. _figures], _problems.Count > 0 ? Deployment.SaveLogs() : null);
    }

    public async ValueTask DisposeAsync()
    {
        if (Publishers is not null) await Publishers.DisposeAsync();
        await Listeners.DisposeAsync();
        await Deployment.DisposeAsync();
    }

    /// <summary>
    /// A websocket does not tell when it is subscribed, and is opened before where that takes longer than broker.websocket.subscribe-timeout. So one publication goes ahead on every channel,
    /// until all have got it: as it comes, or as the last message.
    /// </summary>
    private async Task EverybodyListensAsync()
    {
        var first = new List<int>();
        for (var channel = 0; channel < Scale.Channels; channel++) first.Add(await Publishers.PublishOneAsync(Deployment.Nodes[0], channel));

        var end = Clock.Now + Clock.Of(Patience);
        while (true)
        {
            var deaf = await Listeners.LookAsync(all => all.Count(one => !one.Got.Contains(first[one.Channel])));
            if (deaf == 0) return;
            if (Clock.Now > end) throw new InvalidOperationException($"{deaf} listeners get nothing");

            await Task.Delay(100);
        }
    }

    /// <summary>Until every open listener has the last publication of its channel, or it takes too long: then the judgement says who lacks what.</summary>
    private async Task<IReadOnlyList<History>> ArriveAsync()
    {
        var end = Clock.Now + Clock.Of(Patience);
        while (true)
        {
            var histories = new List<History>();
            foreach (var facility in Scale.Facilities) histories.Add(await History.ReadAsync(Redis, facility));

            var lacking = await Listeners.LookAsync(all => all.Count(one => one.EndedAt == 0 && histories[one.Channel].Ids.Count > 0 && (one.Got.Count == 0 || one.Got[^1] != histories[one.Channel].Ids[^1])));
            if ((lacking == 0 && Listeners.Open >= Scale.Clients) || Clock.Now > end)
            {
                if (Listeners.Open < Scale.Clients) Problem($"only {Listeners.Open} of {Scale.Clients} clients have come back");
                return histories;
            }

            await Task.Delay(200);
        }
    }

    private async Task LatencyAsync(IReadOnlyList<Publish> publishes)
    {
        var times = new List<long>();
        foreach (var channel in publishes.Where(publish => publish.Outcome == Outcome.Acknowledged).GroupBy(publish => publish.Channel))
        {
            var deliveries = await Listeners.FirstDeliveriesAsync(channel.Key);
            times.AddRange(channel.Where(publish => deliveries.ContainsKey(publish.Id)).Select(publish => deliveries[publish.Id] - publish.Began));
        }

        Figure("publish to first delivery: " + Figures.Times(times));
    }
}
