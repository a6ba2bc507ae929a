using Broker.Actors.Nodes;
using Broker.Actors.Tests.Cluster;

namespace Broker.Actors.Tests.Builtin;

public sealed class ClusterSecretTests
{
    /// <summary>It met the others in Redis and took its share of the channels, but nobody could speak to it.</summary>
    [Fact]
    public async Task A_node_with_another_secret_is_refused_and_none_is_told()
    {
        await using var cluster = await ClusteredNodes.StartAsync(1);

        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => cluster.AddAsync("cluster.secret = \"a stranger's\""));

        Assert.Contains("secret", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("stranger", refused.Message, StringComparison.Ordinal);
    }
}
