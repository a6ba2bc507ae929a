using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Presence;
using Broker.Actors.Tests.Cluster;
using Broker.Actors.Tests.Nodes;
using Broker.Testing.Membership;

namespace Broker.Actors.Tests.Presence;

/// <summary>Who is on a channel, over all nodes.</summary>
public sealed class PresenceOfNodesTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Theory]
    [InlineData("embedded")]
    [InlineData("redis")]
    public async Task Who_comes_is_there_and_who_goes_is_not_and_whoever_wants_to_know_is_told(string redis)
    {
        await using var node = await TestNode.StartAsync(redis: redis);
        var crowd = await Crowd.AtAsync(node.Node, News, "c", 3, watches: true);
        await UntilThereAsync(node.Node, "c0 c1 c2");

        crowd.Leave("c1");
        await UntilThereAsync(node.Node, "c0 c2");

        await TestNode.UntilAsync(() => crowd.Told.Count >= 4, "four are told");
        Assert.Equal(["+c0", "+c1", "+c2", "-c1"], crowd.Told.Of("c"));
        Assert.Equal(new PresenceStats(2, 2), await node.Node.ReadPresenceStatsAsync(News));
    }

    [Fact]
    public async Task Nobody_is_on_a_channel_that_nobody_subscribes()
    {
        await using var node = await TestNode.StartAsync();

        Assert.Empty(await node.Node.ReadPresenceAsync(News));
        Assert.Equal(new PresenceStats(0, 0), await node.Node.ReadPresenceStatsAsync(News));
    }

    [Fact]
    public async Task Every_node_knows_who_is_on_all_of_them()
    {
        await using var cluster = await ClusteredNodes.StartAsync(3);
        var first = await Crowd.AtAsync(cluster.Nodes[0], News, "a", 2, watches: true);
        var second = await Crowd.AtAsync(cluster.Nodes[1], News, "b", 2, watches: true);

        foreach (var node in cluster.Nodes) await UntilThereAsync(node, "a0 a1 b0 b1");

        second.Leave("b1");
        first.Leave("a1");
        foreach (var node in cluster.Nodes) await UntilThereAsync(node, "a0 b0");
        await TestNode.UntilAsync(() => first.Told.Of("b").Count == 3 && second.Told.Of("a").Count(told => told == "-a1") == 1, "each is told of the other");
        Assert.Equal(["+b0", "+b1", "-b1"], first.Told.Of("b"));
    }

    /// <summary>Of a node that is killed, whether it owned the channel or not: FaultTests. One that is sent away while it lives takes itself for an owner for a moment.</summary>
    [Fact]
    public async Task Members_of_a_node_that_is_sent_away_leave_once()
    {
        await using var cluster = await ClusteredNodes.StartAsync(3);
        var channel = await ChannelOfAsync(cluster, cluster.Nodes[0]);
        var stays = await Crowd.AtAsync(cluster.Nodes[0], channel, "a", 2, watches: true);
        var staysToo = await Crowd.AtAsync(cluster.Nodes[1], channel, "b", 2, watches: true);
        await Crowd.AtAsync(cluster.Nodes[2], channel, "gone", 200);
        foreach (var crowd in new[] { stays, staysToo }) await TestNode.UntilAsync(() => crowd.Told.Of("gone").Count == 200, "all are told");
        Assert.Equal(204, (await cluster.Nodes[0].ReadPresenceStatsAsync(channel)).Clients);
        await KeptAsync(cluster, channel, 204);
        foreach (var crowd in new[] { stays, staysToo }) crowd.Told.Clear();

        Lives.SendAway(cluster.Nodes[2].Services.System, by: cluster.Nodes[0].Services.System);

        foreach (var crowd in new[] { stays, staysToo }) await TestNode.UntilAsync(() => crowd.Told.Of("gone").Count >= 200, "all have left");
        Assert.Equal("a0 a1 b0 b1", await ThereAsync(cluster.Nodes[1], channel));
        stays.Leave("a1");
        foreach (var crowd in new[] { stays, staysToo })
        {
            await TestNode.UntilAsync(() => crowd.Told.Of("a").Count > 0, "one more has left");
            Assert.Equal(Enumerable.Range(0, 200).Select(i => $"-gone{i}").Order(StringComparer.Ordinal), crowd.Told.Of("gone").Order(StringComparer.Ordinal));
            Assert.Equal(["-a1"], crowd.Told.Of("a"));
            Assert.Empty(crowd.Told.Of("b"));
        }
    }

    [Fact]
    public async Task Nobody_leaves_when_a_nodes_end_of_the_channel_fails()
    {
        await using var cluster = await ClusteredNodes.StartAsync(2);
        var first = await Crowd.AtAsync(cluster.Nodes[0], News, "a", 50);
        var second = await Crowd.AtAsync(cluster.Nodes[1], News, "b", 1, watches: true);
        await TestNode.UntilAsync(() => cluster.Nodes[1].ReadPresenceStatsAsync(News).Result.Clients == 51, "all are there");

        first.FailRelay();
        await TestNode.UntilAsync(() => first.Joined == 100, "all have joined again");
        first.Join("late");

        await TestNode.UntilAsync(() => second.Told.Of("late").Count > 0, "the last is told");
        Assert.Equal(52, (await cluster.Nodes[1].ReadPresenceStatsAsync(News)).Clients);
        Assert.DoesNotContain(second.Told.Of(""), told => told[0] == '-');
        Assert.Equal(second.Told.Of("").Distinct(), second.Told.Of(""));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Nobody_leaves_and_nobody_comes_twice_when_the_owner_fails(int owner)
    {
        await using var cluster = await ClusteredNodes.StartAsync(2);
        var channel = await ChannelOfAsync(cluster, cluster.Nodes[owner]);
        var first = await Crowd.AtAsync(cluster.Nodes[0], channel, "a", 50, watches: true);
        await Crowd.AtAsync(cluster.Nodes[1], channel, "b", 50);
        await TestNode.UntilAsync(() => first.Told.Count == 100, "all are told");
        await KeptAsync(cluster, channel, 100);

        await FailOwnerAsync(cluster.Nodes[owner], channel);
        first.Leave("a1");
        first.Join("late");

        await TestNode.UntilAsync(() => first.Told.Of("late").Count > 0, "the last is told");
        Assert.Equal(100, (await cluster.Nodes[1 - owner].ReadPresenceStatsAsync(channel)).Clients);
        Assert.Equal(["-a1"], first.Told.Of("").Where(told => told[0] == '-'));
        Assert.Equal(first.Told.Of("").Distinct(), first.Told.Of(""));
    }

    [Fact]
    public async Task While_the_channel_goes_from_node_to_node_nobody_is_missed_and_nobody_stays_who_goes()
    {
        await using var cluster = await ClusteredNodes.StartAsync(2);
        ChannelName[] channels = [.. Enumerable.Range(0, 8).Select(i => ChannelName.Broadcast($"room-{i}"))];
        var crowds = await Task.WhenAll(channels.Select(channel => Crowd.AtAsync(cluster.Nodes[0], channel, "a", 20, watches: true)));
        using var stop = new CancellationTokenSource();
        var churn = Task.WhenAll(crowds.Select(crowd => ComeAndGoAsync(crowd, stop.Token)));

        var third = await cluster.AddAsync();
        await TestNode.UntilAsync(() => OwnedAsync(third).Result > 0, "the third node owns some");
        await cluster.Nodes[1].StopAsync();
        await TestNode.UntilAsync(() => OwnedAsync(cluster.Nodes[1]).Result == 0, "the second owns none");
        await stop.CancelAsync();
        await churn;

        foreach (var (crowd, channel) in crowds.Zip(channels))
        {
            await crowd.UntilJoinedAsync();
            await TestNode.UntilAsync(() => ThereAsync(third, channel).Result == string.Join(' ', crowd.Clients.Order(StringComparer.Ordinal)), "exactly those are there who are");
            var told = crowd.Told.Of("");
            Assert.DoesNotContain(told, what => what[0] == '-' && crowd.Clients.Contains(what[1..]));
            Assert.Equal(told.Distinct(), told);
        }
    }

    [Fact]
    public async Task A_hundred_thousand_on_one_channel_are_counted_read_and_let_go()
    {
        await using var cluster = await ClusteredNodes.StartAsync(2);
        var channel = await ChannelOfAsync(cluster, cluster.Nodes[0]);
        var crowds = await Task.WhenAll(cluster.Nodes.Select((node, i) => Crowd.AtAsync(node, channel, $"{i}-", 50_000)));
        await TestNode.UntilAsync(() => cluster.Nodes[1].ReadPresenceStatsAsync(channel).Result is { Clients: 100_000, Users: 100_000 }, "all are there");

        // A reader does not keep another one waiting, nor one who joins.
        var reads = cluster.Nodes.Select(node => node.ReadPresenceAsync(channel)).ToList();
        crowds[0].Join("late");
        foreach (var read in reads) Assert.InRange((await read).Select(member => member.Client).Distinct().Count(), 100_000, 100_001);

        foreach (var crowd in crowds) crowd.LeaveAll();
        await TestNode.UntilAsync(() => cluster.Nodes[1].ReadPresenceStatsAsync(channel).Result.Clients == 0, "all have left");
        await KeptAsync(cluster, channel, 0);
    }

    private static async Task ComeAndGoAsync(Crowd crowd, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            crowd.Join($"guest{i}");
            await crowd.UntilJoinedAsync(i + 21);
            if (i % 3 != 0) crowd.Leave($"guest{i}");
        }
    }

    private static async Task<int> OwnedAsync(BrokerNode node)
    {
        if (node.WhenEnded.IsCompleted) return 0;

        var report = await node.LookAtClusterAsync();
        return report.Members.FirstOrDefault(member => member.Id == report.Id)?.Channels ?? 0;
    }

    /// <summary>A channel that the node owns.</summary>
    private static async Task<ChannelName> ChannelOfAsync(ClusteredNodes cluster, BrokerNode owner)
    {
        for (var i = 0; ; i++)
        {
            var channel = ChannelName.Broadcast($"room-{i}");
            var before = await OwnedAsync(owner);
            await owner.ReadPresenceStatsAsync(channel);
            if (await OwnedAsync(owner) > before) return channel;
            Assert.True(i < 100, "no channel is the node's");
        }
    }

    private static async Task FailOwnerAsync(BrokerNode node, ChannelName channel)
    {
        ClusterSharding.Get(node.Services.System).ShardRegion("broker-channel").Tell(new ReadMembers(channel, null!, 0, 0));
        await node.ReadPresenceStatsAsync(channel);
    }

    /// <summary>In Redis, for the next owner.</summary>
    private static Task KeptAsync(ClusteredNodes cluster, ChannelName channel, int count) => TestNode.UntilAsync(
        () => cluster.Redis.CliAsync("HLEN", new Broker.Actors.Redis.RedisKeys(channel.ToRedis("")).Members).Result.Trim() == $"{count}", $"{count} are kept");

    private static Task UntilThereAsync(BrokerNode node, string clients) => TestNode.UntilAsync(() => ThereAsync(node, News).Result == clients, clients);

    private static async Task<string> ThereAsync(BrokerNode node, ChannelName channel) =>
        string.Join(' ', (await node.ReadPresenceAsync(channel)).Select(member => member.Client).Order(StringComparer.Ordinal));
}
