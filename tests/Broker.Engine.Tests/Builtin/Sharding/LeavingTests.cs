using Broker.Engine.Tests.Contract;

namespace Broker.Engine.Tests.Builtin.Sharding;

/// <summary>More than at most once: of messages between nodes none is lost when one leaves in order. Akka.NET does not promise that.</summary>
public sealed class LeavingTests : EntitiesTest
{
    [Fact]
    public async Task Messages_sent_while_a_node_leaves_are_all_answered()
    {
        var nodes = await StartNodesAsync(2, LongLease);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(id => AskAsync(nodes[0], id)));

        Cluster.Get(nodes[1].System).Leave(Cluster.Get(nodes[1].System).SelfAddress);
        while (!nodes[1].System.WhenTerminated.IsCompleted)
        {
            Assert.True(await TouchAllAsync(nodes[0], 100));
        }

        Assert.True(await TouchAllAsync(nodes[0], 100));
    }
}
