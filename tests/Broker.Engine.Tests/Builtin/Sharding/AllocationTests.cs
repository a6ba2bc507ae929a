using FsCheck;
using FsCheck.Fluent;

namespace Broker.Engine.Tests.Builtin.Sharding;

public sealed class AllocationTests
{
    [Fact]
    public void All_nodes_come_to_the_same_answer() => Prop.ForAll<Guid[]>(ids =>
    {
        var nodes = ids.Distinct().Select(id => $"{id:N}").ToList();

        Assert.Equal(Allocation.Of(64, nodes), Allocation.Of(64, [.. nodes.AsEnumerable().Reverse()]));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nobody_has_more_than_a_tenth_above_the_fair_share() => Prop.ForAll<Guid[]>(ids =>
    {
        var nodes = ids.Distinct().Select(id => $"{id:N}").ToList();
        var sizes = Allocation.Of(512, nodes).CountBy(node => node ?? "").ToDictionary();

        Assert.All(nodes.Select(node => sizes.GetValueOrDefault(node)), size => Assert.InRange(size, 0, Math.Ceiling(512 * 1.1 / nodes.Count)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Few_shards_move_when_a_node_goes()
    {
        var random = new Random(7);
        for (var i = 0; i < 50; i++)
        {
            var nodes = Enumerable.Range(0, 5).Select(_ => $"{random.NextInt64():x}").ToList();
            var (before, after) = (Allocation.Of(512, nodes), Allocation.Of(512, nodes[1..]));

            var moved = before.Zip(after).Count(pair => pair.First != pair.Second && pair.First != nodes[0]);
            Assert.InRange(moved, 0, 60);
        }
    }

    [Fact]
    public void Without_nodes_there_is_no_answer() => Assert.All(Allocation.Of(8, []), Assert.Null);
}
