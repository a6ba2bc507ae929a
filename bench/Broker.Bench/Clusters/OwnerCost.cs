using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Broker.Bench.Load;
using Broker.Bench.Servers;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Bench.Clusters;

/// <summary>
/// What a publication costs the process that owns its channel: alone, and with subscribers on one and two other nodes, few and ten times as many. The owner has the same
/// subscribers of its own each time.
/// </summary>
internal static partial class OwnerCost
{
    private const int OwnSubscribers = 10;

    private const double Rate = 500;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Time = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync()
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"CPU of the owner's process, {Rate:0} publications a second, {OwnSubscribers} subscribers of its own; load {ProcessUse.LoadAverage():0.0}"));
        var alone = await MeasureAsync(others: 0, elsewhere: 0);
        await MeasureAsync(others: 1, elsewhere: 20);
        var few = await MeasureAsync(others: 2, elsewhere: 20);
        var many = await MeasureAsync(others: 2, elsewhere: 200);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  each other node {(few - alone) / 2:0.0} µs; ten times the clients there: {many / few:0.00} of the cost"));
        return 0;
    }

    /// <summary>Microseconds a publication.</summary>
    private static async Task<double> MeasureAsync(int others, int elsewhere)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var owner = await StartAsync(redis);
        var rest = new List<ServerProcess>();
        for (var i = 0; i < others; i++) rest.Add(await StartAsync(redis));
        try
        {
            await HaveShardsAsync(redis, others + 1);
            using var loop = new EventLoop();
            var facility = await FindOwnedAsync(owner, rest, loop);
            var crowds = new List<Crowd> { Open(loop, owner, facility, OwnSubscribers) };
            crowds.AddRange(rest.Select(node => Open(loop, node, facility, elsewhere)));

            var publisher = new RedisPublisher(loop, new IPEndPoint(IPAddress.Loopback, redis.Port), ["broadcast:" + facility]);
            var traffic = new Traffic(crowds[^1], [publisher], 1, 1, Pace.Fixed(Rate), 128, () => { });
            traffic.Run(WarmUp);
            var before = ProcessUse.Cpu(owner.Pid);
            traffic.Run(Time);
            var each = (ProcessUse.Cpu(owner.Pid) - before) / traffic.Published * 1e6;
            traffic.Drain();
            if (traffic.Lost > 0) throw new BenchException($"{traffic.Lost} deliveries are missing");

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {others} other nodes, {elsewhere,3} subscribers on each: {each,6:0.0} µs a publication"));
            return each;
        }
        finally
        {
            foreach (var node in rest) await node.DisposeAsync();
        }
    }

    private static Task<ServerProcess> StartAsync(RedisServer redis) => ServerProcess.StartAsync(
        "broker { access = open, cluster { enabled = on, lease = 2s } }", ("BROKER_REDIS", redis.ConnectionString), ("Logging__LogLevel__Default", "Warning"));

    private static Crowd Open(EventLoop loop, ServerProcess node, string facility, int count)
    {
        var crowd = new Crowd(loop);
        var address = WebSocketAddress.Parse($"ws{node.Address[4..]}/ws/{facility}?subscribe-broadcast&echo");
        crowd.OpenAll(count, 1, _ => address, _ => Greeting.None, 1, () => { });
        return crowd;
    }

    /// <summary>A channel that the first node owns: it has one more when somebody subscribes to it elsewhere.</summary>
    private static async Task<string> FindOwnedAsync(ServerProcess owner, List<ServerProcess> rest, EventLoop loop)
    {
        var door = rest.Count > 0 ? rest[0] : owner;
        for (var i = 0; ; i++)
        {
            var (facility, owned) = ($"owned-{i}", await CountChannelsAsync(owner));
            Open(loop, door, facility, 1);
            await UntilAsync(async () => await SumAsync([owner, .. rest]) == i + 1);
            if (await CountChannelsAsync(owner) > owned) return facility;
        }
    }

    private static async Task<int> SumAsync(IEnumerable<ServerProcess> nodes) => (await Task.WhenAll(nodes.Select(CountChannelsAsync))).Sum();

    private static async Task<int> CountChannelsAsync(ServerProcess node)
    {
        using var http = new HttpClient();
        return int.Parse(ChannelsLine().Match(await http.GetStringAsync($"{node.Address}/metrics")).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Nothing is on its way to another node any more.</summary>
    private static Task HaveShardsAsync(RedisServer redis, int nodes) => UntilAsync(async () =>
    {
        var owners = (await redis.CliAsync("HVALS", "{broker:cluster:broker}:shards")).Split('\n', StringSplitOptions.RemoveEmptyEntries).CountBy(owner => owner).Where(owner => owner.Value > 1).ToList();
        return owners.Count == nodes && owners.All(owner => owner.Value >= 512 / nodes * 3 / 4) && owners.Sum(owner => owner.Value) == 512;
    });

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var end = DateTime.UtcNow + Patience;
        while (!await isSo())
        {
            if (DateTime.UtcNow > end) throw new BenchException("the cluster does not come to rest");
            await Task.Delay(50);
        }
    }

    [GeneratedRegex(@"^broker_channels(?:\{[^}]*\})? (\d+)", RegexOptions.Multiline)]
    private static partial Regex ChannelsLine();
}
