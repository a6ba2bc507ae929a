using Broker.Actors.Nodes;

namespace Broker.Actors.Tests.Nodes;

public sealed class HistoryLeaseTests
{
    private const string Lease = "broker:history-owner";

    /// <summary>One refusal ended the renewing for good, silently, and later made the node's stop fail.</summary>
    [Fact]
    public async Task A_lease_that_Redis_refuses_for_a_while_is_held_again_afterwards()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        await TestNode.UntilAsync(
            () =>
            {
                _ = test.Bus.ExecuteAsync("DEL", [Lease]);
                _ = test.Bus.ExecuteAsync("LPUSH", [Lease, "something else"]);
                return test.Bus.RefusedLeases > 0;
            },
            "a refusal");

        await test.Bus.ExecuteAsync("DEL", [Lease]);

        await TestNode.UntilAsync(() => test.Bus.ExecuteAsync("EXISTS", [Lease]).Result.Number == 1, "the lease");
    }
}
