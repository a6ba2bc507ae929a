using Broker.Actors.Nodes;

namespace Broker.Actors.Tests.OnAkka;

public sealed class SeedingTests
{
    [Fact]
    public void The_nodes_that_are_up_are_joined()
    {
        var step = Seeding.Look("t", granted: 0, [Entry(7, "b"), Entry(7, "a")]);

        Assert.Equal(new SeedStep.Join(7, ["a", "b"]), step);
    }

    [Fact]
    public void Who_finds_nobody_founds_the_cluster_if_that_is_granted_and_waits_if_not()
    {
        Assert.Equal(new SeedStep.Found(5), Seeding.Look("t", granted: 5, []));
        Assert.Equal(new SeedStep.Wait(), Seeding.Look("t", granted: 0, []));
    }

    [Fact]
    public void One_node_of_other_terms_is_enough_to_be_refused() =>
        Assert.Equal(new SeedStep.Refused("other"), Seeding.Look("t", granted: 0, [Entry(7, "a"), Entry(7, "b") with { Terms = "other" }]));

    [Fact]
    public void Of_two_clusters_the_older_one_is_joined() =>
        Assert.Equal(new SeedStep.Join(7, ["b", "c"]), Seeding.Look("t", granted: 0, [Entry(8, "a"), Entry(7, "b"), Entry(7, "c")]));

    [Fact]
    public void Of_two_clusters_the_younger_one_ends_and_one_that_came_too_late_to_be_listed()
    {
        Assert.False(Seeding.MustEnd(7, isListed: true, [Entry(7, "a"), Entry(8, "b")]));
        Assert.True(Seeding.MustEnd(8, isListed: true, [Entry(7, "a"), Entry(8, "b")]));
        Assert.True(Seeding.MustEnd(7, isListed: false, [Entry(8, "b")]));
    }

    [Fact]
    public void What_is_no_entry_is_passed_over()
    {
        Assert.Equal(Entry(7, "a"), SeedEntry.Parse("7\nn\na\nt"));
        Assert.Null(SeedEntry.Parse("x\nn\na\nt"));
        Assert.Null(SeedEntry.Parse("7"));
    }

    private static SeedEntry Entry(long founding, string address) => new(founding, "n", address, "t");
}
