using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Nodes;
using Broker.Actors.Serving;
using Broker.Actors.Sessions;
using Broker.Actors.Tests.Cluster;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Serving;

/// <summary>The server API's verbs for clients of other nodes.</summary>
public sealed class ControlTests
{
    [Fact]
    public async Task Clients_of_every_node_are_found_from_any_node_page_by_page()
    {
        await using var cluster = await StartAsync(3);
        var clients = new List<ClientConnection>();
        for (var i = 0; i < 30; i++) clients.Add(await OpenAsync(cluster.Nodes[i % 3], $"user-{i % 10}", ChannelName.Broadcast("news")));

        foreach (var node in cluster.Nodes)
        {
            var found = new List<OpenClient>();
            for (var cursor = ""; found.Count == 0 || cursor.Length > 0;)
            {
                var page = await node.Server.FindClientsAsync(limit: 7, cursor: cursor);
                Assert.InRange(page.Clients.Count, 1, 7);
                found.AddRange(page.Clients);
                cursor = page.Cursor;
            }

            Assert.Equal(clients.Select(client => client.Id).Order(StringComparer.Ordinal), found.Select(open => open.Client.Client));
            Assert.Equal(3, found.Select(open => open.Node).Distinct().Count());
        }

        var one = await cluster.Nodes[0].Server.FindClientsAsync(new ClientFilter { User = "user-4" }, ChannelName.Broadcast("news"));
        Assert.Equal(["user-4", "user-4", "user-4"], one.Clients.Select(open => open.Client.User));
        var other = (await cluster.Nodes[0].Server.FindClientsAsync(node: one.Clients[0].Node)).Clients;
        Assert.Equal(10, other.Count);
        Assert.Empty((await cluster.Nodes[0].Server.FindClientsAsync(new ClientFilter { User = "user-4" }, ChannelName.Broadcast("other"))).Clients);
    }

    [Fact]
    public async Task Clients_are_closed_wherever_they_are()
    {
        await using var cluster = await StartAsync(2);
        var here = await OpenAsync(cluster.Nodes[0], "john");
        var there = await OpenAsync(cluster.Nodes[1], "john");
        var spared = await OpenAsync(cluster.Nodes[1], "john");
        var mary = await OpenAsync(cluster.Nodes[1], "mary");

        var closed = await cluster.Nodes[0].Server.DisconnectAsync(new ClientFilter { User = "john", Except = [spared.Id] });

        Assert.Equal(2, closed);
        await TestNode.UntilAsync(() => cluster.Nodes[0].Metrics.Connections == 0 && cluster.Nodes[1].Metrics.Connections == 2, "two are closed");
        var left = (await cluster.Nodes[0].Server.FindClientsAsync()).Clients;
        Assert.Equal(new[] { spared.Id, mary.Id }.Order(StringComparer.Ordinal), left.Select(open => open.Client.Client));
        Assert.DoesNotContain(left, open => open.Client.Client == here.Id || open.Client.Client == there.Id);
    }

    [Fact]
    public async Task A_token_that_is_taken_back_closes_ws4redis_clients_wherever_they_are()
    {
        await using var cluster = await StartAsync(2);
        foreach (var node in cluster.Nodes)
            foreach (var token in new[] { "t-1", "t-2" }) await OpenAsync(node, PlanOf("john") with { Token = new PresentedToken(token, "john", null) });

        Assert.Equal(2, await cluster.Nodes[0].Server.RevokeTokenAsync("t-1"));

        await TestNode.UntilAsync(() => cluster.Nodes.All(node => node.Metrics.Connections == 1), "two are closed");
        Assert.Equal(["t-2", "t-2"], (await cluster.Nodes[0].Server.FindClientsAsync()).Clients.Select(open => open.Client.TokenId));
    }

    [Fact]
    public async Task Channels_are_counted_over_all_nodes_however_many_there_are()
    {
        await using var cluster = await StartAsync(2);
        var many = Enumerable.Range(0, 3000).Select(i => ChannelName.Broadcast($"{i:d4}-{new string('x', 60)}")).ToArray();
        await OpenAsync(cluster.Nodes[0], "john", many);
        await OpenAsync(cluster.Nodes[1], "john", [.. many[1000..], ChannelName.User("john", "inbox")]);

        var page = await cluster.Nodes[0].Server.FindChannelsAsync("broadcast:*");
        var inbox = await cluster.Nodes[0].Server.FindChannelsAsync("user:*");
        var first = await cluster.Nodes[0].Server.FindChannelsAsync("broadcast:*", limit: 1);

        Assert.Equal("", page.Cursor);
        Assert.Equal(many.Select(channel => channel.ToRedis("")), page.Channels.Select(count => count.Name));
        Assert.Equal([.. Enumerable.Repeat(1, 1000), .. Enumerable.Repeat(2, 2000)], page.Channels.Select(count => count.Clients));
        Assert.Equal(new ChannelCount("user:john:inbox", 1), Assert.Single(inbox.Channels));
        Assert.Equal(first.Cursor, first.Channels[^1].Name);
        var nodes = await cluster.Nodes[1].Server.LookAtNodesAsync();
        Assert.Equal([(1, 1, 3000), (1, 1, 2001)], nodes.OrderByDescending(node => node.Subscriptions).Select(node => (node.Clients, node.Users, node.Subscriptions)));
    }

    [Fact]
    public async Task A_node_that_does_not_answer_makes_the_call_fail_after_the_others_have_carried_it_out()
    {
        await using var cluster = await StartAsync(2, "cluster.lease = 30s");
        await OpenAsync(cluster.Nodes[0], "john");
        await OpenAsync(cluster.Nodes[1], "john");
        Stop(cluster.Nodes[1].Services.System.ActorSelection("/user/" + ControlActor.Name));

        var failure = await Assert.ThrowsAsync<ServerApiException>(() => cluster.Nodes[0].Server.DisconnectAsync(new ClientFilter { User = "john" }));

        Assert.Equal((100u, "internal server error: 1 of 2 nodes did not answer"), (failure.Code, failure.Message));
        await TestNode.UntilAsync(() => cluster.Nodes[0].Metrics.Connections == 0, "its own is closed");
        Assert.Equal(1, cluster.Nodes[1].Metrics.Connections);
    }

    [Fact]
    public async Task While_Redis_is_away_publishing_and_reading_fail_with_an_internal_error()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        var channel = ChannelName.Broadcast("news");
        await test.Node.Server.PublishAsync(channel, Encoding.UTF8.GetBytes("x"));

        test.Bus.Disconnect();

        Assert.Equal(100u, (await Assert.ThrowsAsync<ServerApiException>(() => test.Node.Server.PublishAsync(channel, Encoding.UTF8.GetBytes("y")))).Code);
        Assert.Equal(100u, (await Assert.ThrowsAsync<ServerApiException>(() => test.Node.Server.ReadHistoryAsync(channel, 1))).Code);
        test.Bus.Reconnect();
    }

    /// <summary>Nodes that know each other.</summary>
    private static async Task<ClusteredNodes> StartAsync(int count, string settings = "")
    {
        var cluster = await ClusteredNodes.StartAsync(count, settings);
        await TestNode.UntilAsync(
            () => cluster.Nodes.All(node => node.Server.LookAtNodesAsync().Result.Count == count), "all know all");
        return cluster;
    }

    private static void Stop(ActorSelection actor) => actor.Tell(PoisonPill.Instance, ActorRefs.NoSender);

    private static Task<ClientConnection> OpenAsync(BrokerNode node, string user, params ChannelName[] channels) => OpenAsync(node, PlanOf(user, channels));

    private static async Task<ClientConnection> OpenAsync(BrokerNode node, ConnectionPlan plan) => await node.OpenAsync(plan, LineFormat.Instance);

    private static ConnectionPlan PlanOf(string user, params ChannelName[] channels) => new(new Caller(user, [], null), channels, [], Echo: true);
}
