namespace Broker.Engine.Tests.Builtin.Membership;

public sealed class ClusterFiguresTests
{
    [Fact]
    public void A_system_alone_always_holds_its_lease()
    {
        using var system = ActorSystem.Create("alone", ConfigurationFactory.ParseString("akka { loglevel = OFF, stdout-loglevel = OFF }"));

        var figures = Cluster.Get(system).Figures;

        Assert.True(figures.HoldsLease);
        Assert.Null(figures.LeaseAge);
        Assert.Empty(figures.Members);
    }

    [Fact]
    public void Only_shards_that_went_from_node_to_node_count()
    {
        var before = Table("here a, here b, there c, dead d, there e");
        var after = Table("there a, here b, here c, here d, dead e, here new");

        var traffic = ShardTraffic.Between(before, after, "here", node => node == "dead");

        Assert.Equal(new ShardTraffic(Given: 1, Taken: 2, TakenFromDead: 1), traffic);
    }

    [Fact]
    public void Shards_of_a_lost_table_were_not_given()
    {
        var traffic = ShardTraffic.Between(Table("here a, here b"), Table(""), "here", _ => false);

        Assert.Equal(default, traffic);
    }

    [Fact]
    public void What_another_claimed_while_the_lease_was_lost_was_not_given()
    {
        var counters = new ClusterCounters();

        counters.Count(new ShardTraffic(3, 0, 0), hadLease: false);
        counters.Count(new ShardTraffic(2, 4, 1), hadLease: true);

        Assert.Equal((2, 4, 1), (counters.Given, counters.Taken, counters.TakenFromDead));
        Assert.NotNull(counters.LastFailOver);
    }

    private static Dictionary<string, string> Table(string text) =>
        text.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split(' ')).ToDictionary(pair => pair[1], pair => pair[0]);
}
