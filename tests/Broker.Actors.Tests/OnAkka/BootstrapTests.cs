using Broker.Actors.Nodes;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Cluster;

namespace Broker.Actors.Tests.OnAkka;

/// <summary>Real nodes, real Akka.Cluster, real Redis.</summary>
public sealed class BootstrapTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Nodes_that_start_at_the_same_time_become_one_cluster()
    {
        await using var cluster = await ClusteredNodes.StartAsync(0);

        var nodes = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => cluster.AddAsync()));

        foreach (var node in nodes) await UntilAsync(() => node.IsMember && MembersOf(node) == 2);
    }

    [Fact]
    public async Task The_last_node_may_leave_and_another_begins_anew()
    {
        await using var cluster = await ClusteredNodes.StartAsync(1);
        await cluster.Nodes[0].StopAsync();

        var next = await cluster.AddAsync();

        await UntilAsync(() => next.IsMember && MembersOf(next) == 1);
    }

    [Fact]
    public async Task A_node_that_restarts_on_the_same_port_is_taken_in_again()
    {
        await using var cluster = await ClusteredNodes.StartAsync(1);
        var port = FreePort();
        var second = await cluster.AddAsync($"cluster.port = {port}");
        await UntilAsync(() => MembersOf(cluster.Nodes[0]) == 2);
        await second.StopAsync();

        var again = await cluster.AddAsync($"cluster.port = {port}");

        await UntilAsync(() => again.IsMember && MembersOf(cluster.Nodes[0]) == 2 && MembersOf(again) == 2);
    }

    [Fact]
    public async Task Configured_seed_nodes_are_used_as_they_are()
    {
        await using var cluster = await ClusteredNodes.StartAsync(0);
        var port = FreePort();
        var seeds = $"cluster.seeds = [\"127.0.0.1:{port}\"]";
        var first = await cluster.AddAsync($"cluster.port = {port}, {seeds}");

        var second = await cluster.AddAsync(seeds);

        foreach (var node in (BrokerNode[])[first, second]) await UntilAsync(() => node.IsMember && MembersOf(node) == 2);
        Assert.Empty((await cluster.Redis.CliAsync("KEYS", "*seeds*")).Trim());
    }

    [Theory]
    [InlineData("host")]
    [InlineData(":1")]
    [InlineData("host:0")]
    [InlineData("host:x")]
    public void A_seed_without_host_or_port_stops_the_start(string seed) =>
        Assert.Throws<Hocon.HoconException>(() => BrokerSettings.Read(Configuration.Parse($"broker.cluster.seeds = [\"{seed}\"]")));

    private static int MembersOf(BrokerNode node) => global::Akka.Cluster.Cluster.Get(node.Services.System).State.Members.Count(member => member.Status == MemberStatus.Up);

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, "Not in time");
            await Task.Delay(50);
        }
    }
}
