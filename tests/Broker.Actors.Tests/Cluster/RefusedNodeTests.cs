using Broker.Actors.Nodes;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;
using Broker.Hocon;

namespace Broker.Actors.Tests.Cluster;

public sealed class RefusedNodeTests
{
    /// <summary>On a busy machine a member did not renew in time, and who was to be refused took its place.</summary>
    private const string LongLease = "cluster.lease = 5s";

    [Theory]
    [InlineData("prefix = other", "prefix \"other\"")]
    [InlineData("redis.connection = ${redis}\"/3\"", "database 3")]
    public async Task A_node_that_differs_in_what_all_must_have_in_common_is_refused(string settings, string reason)
    {
        await using var cluster = await ClusteredNodes.StartAsync(1, LongLease);
        var text = settings.Replace("${redis}", $"\"{cluster.Redis.ConnectionString}\"", StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => cluster.AddAsync(text));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains("broker.cluster.name", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clusters_of_different_names_share_a_redis()
    {
        await using var cluster = await ClusteredNodes.StartAsync(1);

        await using var other = await BrokerNode.StartAsync(cluster.Settings("prefix = other, cluster.name = other"));

        Assert.True(other.IsMember);
    }

    [Fact]
    public async Task A_node_alone_does_not_share_histories_with_a_cluster()
    {
        await using var cluster = await ClusteredNodes.StartAsync(1, LongLease);

        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => cluster.AddAsync("cluster.enabled = off"));

        Assert.Contains("another node with history", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_of_a_cluster_need_a_redis_to_meet_in()
    {
        var wrong = Assert.Throws<HoconException>(() => BrokerSettings.Read(Configuration.Parse("broker.cluster.enabled = on")));

        Assert.Contains("broker.redis.connection", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shutdown.drain = 7s", 7)]
    [InlineData("shutdown.drain = 7s, cluster.drain = 9s", 9)]
    [InlineData("shutdown.drain = 7s, cluster { drain = 9s, enabled = off }", 7)]
    public void A_member_may_take_another_time_to_stop_than_a_node_alone(string settings, int seconds)
    {
        var configuration = Configuration.Parse($"broker {{ redis.connection = \"127.0.0.1\", cluster.enabled = on }}\nbroker {{ {settings} }}");

        Assert.Equal(TimeSpan.FromSeconds(seconds), BrokerSettings.Read(configuration).Drain.Within);
    }

    [Theory]
    [InlineData("name = \"two words\"")]
    [InlineData("name = \"\"")]
    [InlineData("lease = 10ms")]
    [InlineData("host = \"\"")]
    [InlineData("host = \"0.0.0.0\"")]
    [InlineData("host = \"two words\"")]
    [InlineData("port = 99999")]
    [InlineData("port = -1")]
    public void Wrong_settings_of_the_cluster_stop_the_start(string setting) =>
        Assert.Throws<HoconException>(() => BrokerSettings.Read(Configuration.Parse($"broker.cluster {{ {setting} }}")));
}
