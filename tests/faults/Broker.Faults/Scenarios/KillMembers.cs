using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Broker.Actors.Channels;
using Broker.Faults.Deployments;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>
/// <c>kill -9</c> of a node with a thousand members on channels of which it owns some and other nodes the rest. They are gone within the lease and a second, and everybody who stays is told of
/// each of them once.
/// </summary>
public static partial class KillMembers
{
    private const int Channels = 32;
    private const int PerChannel = 32;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Kills as often as the scale says.</summary>
    public static async Task<Verdict> RunAsync(Scale scale)
    {
        var (problems, figures) = (new List<string>(), new List<double>());
        await using var redis = await RedisServer.StartAsync();
        await using var one = await MemberNode.StartAsync(redis.ConnectionString, scale.Lease, MemberNode.Rooms(Channels), "one", 1, watches: true);
        await using var two = await MemberNode.StartAsync(redis.ConnectionString, scale.Lease, MemberNode.Rooms(Channels), "two", 1, watches: true);
        for (var i = 1; i <= scale.Times; i++) figures.Add(await KillAsync(scale, redis.ConnectionString, [one, two], i, problems));

        var median = figures.Order().ElementAt(figures.Count / 2);
        if (scale.Times > 1 && median > scale.Lease + 1) problems.Add(string.Create(CultureInfo.InvariantCulture, $"the median of {median:0.00} s is more than the lease of {scale.Lease} s and a second"));
        return new Verdict("kill-members", problems, ["kill to the last leave at every node, s: " + string.Join(" ", figures.Select(time => time.ToString("0.00", CultureInfo.InvariantCulture)))], null);
    }

    private static async Task<double> KillAsync(Scale scale, string redis, MemberNode[] stay, int round, List<string> problems)
    {
        string[] command =
        [
            "dotnet", typeof(KillMembers).Assembly.Location, "members", redis,
            .. new[] { scale.Lease, Channels, PerChannel }.Select(number => number.ToString(CultureInfo.InvariantCulture)),
        ];
        await using var node = ServerProcess.Launch(command, IsReady());
        await node.IsReadyAsync();
        await UntilAsync(() => CountOf(stay, "+gone") == stay.Length * Channels * PerChannel * round, "all are there");
        await UntilAsync(() => OwnedAsync(stay[0]).Result > 0, "the node owns channels");

        node.Signal("-KILL");
        var clock = Stopwatch.StartNew();
        await UntilAsync(() => CountOf(stay, "-gone") >= stay.Length * Channels * PerChannel * round, "all have left");
        var took = clock.Elapsed.TotalSeconds;

        foreach (var room in MemberNode.Rooms(Channels))
        {
            var there = await stay[0].Node.ReadPresenceAsync(ChannelName.Broadcast(room));
            if (there.Count != stay.Length) problems.Add($"{room}: {string.Join(' ', there.Select(member => member.Client))} are there");
            foreach (var watcher in stay)
            {
                if (watcher.Told[room].Of("-").GroupBy(told => told).Any(same => same.Count() != round)) problems.Add($"{room}: a leave was told more than once");
                if (watcher.Told[room].Of("-gone").Count != PerChannel * round) problems.Add($"{room}: {watcher.Told[room].Of("-gone").Count} leaves were told");
            }
        }

        return took;
    }

    private static int CountOf(MemberNode[] watchers, string what) => watchers.Sum(watcher => watcher.Told.Values.Sum(told => told.Of(what).Count));

    /// <summary>How many channels those own that are of other processes.</summary>
    private static async Task<int> OwnedAsync(MemberNode watcher)
    {
        var report = await watcher.Node.LookAtClusterAsync();
        return report.Members.Count > 2 ? report.Members.Min(member => member.Channels ?? 0) : 0;
    }

    private static async Task UntilAsync(Func<bool> fact, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!fact())
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"It did not come: {what}");
            await Task.Delay(5);
        }
    }

    [GeneratedRegex("^Members are there(.*)$")]
    private static partial Regex IsReady();
}
