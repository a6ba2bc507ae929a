using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Cluster;

public sealed class SeveralNodesTests
{
    [Fact]
    public async Task What_any_node_publishes_reaches_the_subscribers_of_every_node_once_and_in_one_order()
    {
        await using var cluster = await ClusteredNodes.StartAsync(3);
        var channel = ChannelName.Broadcast("news");
        var readings = await Task.WhenAll(cluster.Nodes.Select(node => Reading.OfAsync(node, channel)));

        await Task.WhenAll(cluster.Nodes.Select((node, i) => PublishManyAsync(node, "news", $"{i}-", 100)));

        foreach (var reading in readings) await reading.UntilCountAsync(300);
        Assert.Equal(300, readings[0].Texts.Distinct().Count());
        Assert.All(readings, reading => Assert.Equal(readings[0].Texts, reading.Texts));
        foreach (var reading in readings) await reading.DisposeAsync();
    }

    [Fact]
    public async Task Many_channels_of_all_nodes_have_one_redis_subscription_each()
    {
        await using var cluster = await ClusteredNodes.StartAsync(3);
        string[] facilities = [.. Enumerable.Range(0, 30).Select(i => $"news-{i}")];
        var readings = await Task.WhenAll(from node in cluster.Nodes from facility in facilities select Reading.OfAsync(node, ChannelName.Broadcast(facility)));

        // While the third node takes its shards over, some have none.
        string[] one = [.. facilities.Select(facility => $"broadcast:{facility} 1")];
        await TestNode.UntilAsync(() => CountAsync(cluster, facilities).Result.SequenceEqual(one), "one subscription each");

        foreach (var reading in readings) await reading.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_comes_and_one_that_goes_lose_and_double_nothing()
    {
        await using var cluster = await ClusteredNodes.StartAsync(2);
        string[] facilities = [.. Enumerable.Range(0, 10).Select(i => $"news-{i}")];
        var readings = await Task.WhenAll(facilities.Select(facility => Reading.OfAsync(cluster.Nodes[0], ChannelName.Broadcast(facility))));
        using var stop = new CancellationTokenSource();
        var published = Task.WhenAll(facilities.Select(facility => PublishUntilAsync(cluster.Nodes[0], facility, stop.Token)));

        var third = await cluster.AddAsync();
        var late = await Reading.OfAsync(third, ChannelName.Broadcast("news-0"));
        await late.UntilCountAsync(20);
        await cluster.Nodes[1].StopAsync();
        await late.UntilCountAsync(late.Count + 20);
        await stop.CancelAsync();

        var counts = await published;
        foreach (var (reading, count) in readings.Zip(counts)) await reading.UntilCountAsync(count);
        Assert.All(readings.Zip(counts), pair => Assert.Equal(Enumerable.Range(0, pair.Second).Select(i => $"{i}"), pair.First.Texts));
        foreach (var reading in readings) await reading.DisposeAsync();
        await late.DisposeAsync();
    }

    [Fact]
    public async Task Who_missed_something_on_one_node_recovers_it_on_another()
    {
        await using var cluster = await ClusteredNodes.StartAsync(2);
        var channel = ChannelName.Broadcast("news");
        await using var first = await Reading.OfAsync(cluster.Nodes[0], channel);
        await PublishManyAsync(cluster.Nodes[1], "news", "", 200);
        await first.UntilCountAsync(100);

        await using var second = await Reading.OfAsync(cluster.Nodes[1], channel, first.Publications[99].Position);

        Assert.True(second.Start.Recovered);
        await second.UntilCountAsync(100);
        Assert.Equal(Enumerable.Range(100, 100).Select(i => $"{i}"), second.Texts);
    }

    [Fact]
    public async Task A_session_channel_works_between_nodes()
    {
        await using var cluster = await ClusteredNodes.StartAsync(2);
        var channel = ChannelName.Session("a-secret-key", "inbox");
        await using var reading = await Reading.OfAsync(cluster.Nodes[0], channel);

        await cluster.Nodes[1].Publisher("inbox", Audiences.Audience.Sessions("a-secret-key")).PublishAsync("for you");

        await reading.UntilCountAsync(1);
        Assert.Equal(["for you"], reading.Texts);
    }

    [Fact]
    public async Task A_publication_that_is_larger_than_a_frame_reaches_other_nodes()
    {
        await using var cluster = await ClusteredNodes.StartAsync(2, "max-message = 4MiB, outbox = 8MiB");
        string[] facilities = ["a", "b", "c", "d"];
        var readings = await Task.WhenAll(facilities.Select(facility => Reading.OfAsync(cluster.Nodes[0], ChannelName.Broadcast(facility))));
        var large = new string('x', 3 * 1024 * 1024);

        await Task.WhenAll(facilities.Select(facility => cluster.Nodes[1].Publisher(facility).PublishAsync(large)));

        foreach (var reading in readings) await reading.UntilCountAsync(1);
        Assert.All(readings, reading => Assert.Equal(large.Length, reading.Publications[0].Payload.Length));
        foreach (var reading in readings) await reading.DisposeAsync();
    }

    private static async Task<string[]> CountAsync(ClusteredNodes cluster, string[] facilities)
    {
        var counts = await cluster.Redis.CliAsync(["PUBSUB", "NUMSUB", .. facilities.Select(facility => $"broadcast:{facility}")]);
        return [.. counts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Chunk(2).Select(pair => string.Join(' ', pair))];
    }

    private static async Task PublishManyAsync(BrokerNode node, string facility, string before, int count)
    {
        for (var i = 0; i < count; i++) await node.Publisher(facility).PublishAsync($"{before}{i}");
    }

    /// <summary>Numbers, each tried again with its id until it is taken. Returns how many.</summary>
    private static async Task<int> PublishUntilAsync(BrokerNode node, string facility, CancellationToken stop)
    {
        var publisher = node.Publisher(facility);
        var i = 0;
        for (; !stop.IsCancellationRequested; i++)
        {
            var number = i;
            await TestNode.UntilTakenAsync(() => publisher.PublishAsync($"{number}", publishId: $"{facility}-{number}"));
        }

        return i;
    }
}
