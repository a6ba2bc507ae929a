namespace Broker.Engine.Tests.Builtin.Sharding;

/// <summary>Who has which shard, in <see cref="SimulatedCluster"/>: in order, and under everything that can go wrong.</summary>
public sealed class ShardTableTests
{
    private static readonly TimeSpan Settling = 10 * SimulatedCluster.Lease;

    [Fact]
    public void A_node_alone_has_all_shards_after_one_lease()
    {
        var cluster = new SimulatedCluster(64, seed: 1);
        var node = cluster.Start();

        cluster.Pass(0.9 * SimulatedCluster.Lease);
        Assert.Equal(0, node.Table.Held);

        cluster.Pass(Settling);
        Assert.Equal(64, node.Table.Held);
    }

    // A node that came to others was no member for one lease, though it need claim nothing to be given shards.
    [Fact]
    public void A_new_node_is_given_shards_before_it_may_claim_any()
    {
        var cluster = new SimulatedCluster(64, seed: 1);
        cluster.Start();
        cluster.Pass(Settling);

        var second = cluster.Start();
        cluster.Pass(0.7 * SimulatedCluster.Lease);

        Assert.False(second.IsSettled);
        Assert.InRange(second.Table.Held, 1, 40);
    }

    [Fact]
    public void A_node_that_is_not_settled_claims_what_it_had_and_nothing_else()
    {
        var self = new NodeIdentity(new Address("akka.tcp", "s", "h", 1), 1);
        var table = new ShardTable("t", 4, self.Id, maxMoves: 8);
        ClusterView View(bool isSettled, params string[] ours) => new(
            0, self, [new NodeRecord(self, MemberStatus.Up, ["t/4"])], ours.ToDictionary(shard => shard, _ => self.Id), IsSuspended: false, isSettled);
        table.Look(View(isSettled: true, "t:1", "t:2"));

        Assert.Equal(["t:1", "t:2"], table.Look(View(isSettled: false)).Claims);
        Assert.Equal(["t:0", "t:1", "t:2", "t:3"], table.Look(View(isSettled: true)).Claims);
    }

    [Fact]
    public void Shards_are_spread_when_nodes_join_and_come_together_when_they_leave()
    {
        var cluster = new SimulatedCluster(64, seed: 2);
        var first = cluster.Start();
        cluster.Pass(Settling);
        var (second, third) = (cluster.Start(), cluster.Start());
        cluster.Pass(Settling);
        AssertSettled(cluster);
        Assert.All([first, second, third], node => Assert.InRange(node.Table.Held, 14, 24));

        second.Leave();
        cluster.Pass(Settling);

        Assert.True(second.IsDead);
        AssertSettled(cluster);
        Assert.Equal(64, first.Table.Held + third.Table.Held);
    }

    [Fact]
    public void A_dead_nodes_shards_are_claimed_when_its_lease_has_run_out()
    {
        var cluster = StartThree(seed: 3);

        cluster.Nodes[0].IsDead = true;
        cluster.Pass(Settling);

        AssertSettled(cluster);
    }

    [Fact]
    public void Redis_lost_for_all_keeps_every_shard_where_it_is()
    {
        var cluster = StartThree(seed: 4);
        var before = Holders(cluster);
        var entities = cluster.Nodes.Select(node => node.Entities.ToDictionary()).ToList();

        cluster.Nodes.ForEach(node => node.IsCutOff = true);
        cluster.Pass(5 * SimulatedCluster.Lease);
        Assert.All(cluster.Nodes, node => Assert.True(node.Table.IsSuspended));
        cluster.LoseTable();
        cluster.Nodes.ForEach(node => node.IsCutOff = false);
        cluster.Pass(Settling);

        Assert.Equal(before, Holders(cluster));
        AssertSettled(cluster);
        foreach (var (node, i) in cluster.Nodes.Select((node, i) => (node, i)))
        {
            Assert.All(entities[i], entity => Assert.Equal(entity.Value, node.Entities[entity.Key]));
        }
    }

    [Fact]
    public void A_redis_that_comes_back_empty_at_once_changes_nothing_either()
    {
        var cluster = StartThree(seed: 5);
        var before = Holders(cluster);

        cluster.LoseTable();
        cluster.Pass(Settling);

        Assert.Equal(before, Holders(cluster));
        AssertSettled(cluster);
    }

    // Redis was restarted with a table that named nodes which had died in a deploy: every node gave up all it had, and for one lease nobody owned anything.
    [Fact]
    public void A_redis_that_comes_back_with_a_table_of_dead_nodes_changes_nothing_either()
    {
        var cluster = StartThree(seed: 5);
        var before = Holders(cluster);
        var entities = cluster.Nodes.Select(node => node.Entities.ToDictionary()).ToList();

        cluster.FallBack(cluster.Table.ToDictionary(shard => shard.Key, shard => "dead " + shard.Value));
        cluster.Pass(Settling);

        Assert.Equal(before, Holders(cluster));
        AssertSettled(cluster);
        foreach (var (node, i) in cluster.Nodes.Select((node, i) => (node, i)))
        {
            Assert.All(entities[i], entity => Assert.Equal(entity.Value, node.Entities[entity.Key]));
        }
    }

    // Redis was restarted with a table of before the last moves: who was named in it began at once what others had not stopped yet.
    [Fact]
    public void A_table_of_an_earlier_time_gives_a_node_only_what_others_have_had_a_lease_to_stop()
    {
        var cluster = StartThree(seed: 6);
        var ids = cluster.Nodes.Select(node => node.Id).ToList();

        cluster.FallBack(cluster.Table.ToDictionary(shard => shard.Key, shard => ids[(ids.IndexOf(shard.Value) + 1) % 3]));
        for (var i = 0; i < 100; i++)
        {
            cluster.Pass(TimeSpan.FromMilliseconds(100));
            Assert.DoesNotContain(cluster.Running.SelectMany(node => node.Entities.Keys).CountBy(shard => shard), shard => shard.Value > 1);
        }

        cluster.Pass(Settling);
        AssertSettled(cluster);
    }

    [Fact]
    public void What_is_given_to_a_node_after_it_came_it_has_at_once()
    {
        var self = new NodeIdentity(new Address("akka.tcp", "s", "h", 1), 1);
        var table = new ShardTable("t", 4, self.Id, maxMoves: 8);
        ClusterView View(bool isSettled, params string[] ours) => new(
            0, self, [new NodeRecord(self, MemberStatus.Up, ["t/4"])], ours.ToDictionary(shard => shard, _ => self.Id), IsSuspended: false, isSettled);

        table.Look(View(isSettled: false, "t:1"));
        table.Look(View(isSettled: false, "t:1", "t:2"));
        Assert.Equal((ShardRoute.Wait, ShardRoute.Here), (table.RouteOf(1), table.RouteOf(2)));

        table.Look(View(isSettled: true, "t:1", "t:2"));
        Assert.Equal((ShardRoute.Here, ShardRoute.Here), (table.RouteOf(1), table.RouteOf(2)));
    }

    [Fact]
    public void Redis_lost_for_one_node_moves_its_shards_and_it_gives_its_entities_up_when_it_is_back()
    {
        var cluster = StartThree(seed: 6);
        var lost = cluster.Nodes[0];

        lost.IsCutOff = true;
        cluster.Pass(Settling);
        Assert.True(lost.Table.IsSuspended);
        Assert.NotEmpty(lost.Entities);
        Assert.Equal(64, cluster.Nodes[1].Table.Held + cluster.Nodes[2].Table.Held);

        lost.IsCutOff = false;
        cluster.Pass(Settling);
        AssertSettled(cluster);
    }

    [Fact]
    public void A_node_that_stands_still_for_less_than_its_lease_loses_nothing()
    {
        var cluster = StartThree(seed: 7);
        var before = Holders(cluster);

        cluster.Nodes[0].IsPaused = true;
        cluster.Pass(0.5 * SimulatedCluster.Lease);
        cluster.Nodes[0].IsPaused = false;
        cluster.Pass(Settling);

        Assert.Equal(before, Holders(cluster));
    }

    [Fact]
    public void While_no_lease_is_lost_no_shard_has_two_entities()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var cluster = new SimulatedCluster(32, seed);
            cluster.Start();
            cluster.Pass(Settling);
            for (var i = 0; i < 30; i++)
            {
                if (random.Next(2) == 0 && cluster.Running.Count() < 5) cluster.Start();
                else if (cluster.Running.Count(node => !node.IsLeaving) > 1) cluster.Running.First(node => !node.IsLeaving).Leave();

                for (var tick = 0; tick < 20; tick++)
                {
                    cluster.Pass(TimeSpan.FromMilliseconds(100));
                    var twice = cluster.Running.SelectMany(node => node.Entities.Keys).CountBy(shard => shard).Where(shard => shard.Value > 1);
                    Assert.Empty(twice);
                }
            }
        }
    }

    // 200 random steps: nodes die, start, leave, stand still, are cut off, Redis forgets everything, or what happened of late.
    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_write_takes_effect_under_a_superseded_token_and_all_is_well_in_the_end(int seed)
    {
        var random = new Random(seed);
        var cluster = new SimulatedCluster(32, seed);
        for (var i = 0; i < 3; i++) cluster.Start();
        cluster.Pass(Settling);
        var earlier = cluster.Table;

        for (var step = 0; step < 200; step++)
        {
            if (random.Next(30) == 0) cluster.FallBack(earlier);
            if (random.Next(30) == 0) earlier = cluster.Table;
            Disturb(cluster, random);
            cluster.Pass(random.Next(20) * SimulatedCluster.Lease / 10);
        }

        foreach (var shard in cluster.Store.Written.GroupBy(write => write.Shard))
        {
            var tokens = shard.Select(write => write.Token).ToList();
            Assert.Equal(tokens.Order(), tokens);
            Assert.All(shard.GroupBy(write => write.Token), token => Assert.Single(token.Select(write => write.Node).Distinct()));
        }

        foreach (var node in cluster.Running)
        {
            node.IsPaused = node.IsCutOff = false;
        }

        cluster.Pass(2 * Settling);
        AssertSettled(cluster);
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 40)];

    private static void Disturb(SimulatedCluster cluster, Random random)
    {
        var running = cluster.Running.Where(node => !node.IsLeaving).ToList();
        var some = running[random.Next(running.Count)];
        switch (random.Next(10))
        {
            case 0 when running.Count > 1:
                some.IsDead = true;
                break;
            case 1 when running.Count > 2:
                some.Leave();
                break;
            case 2 or 3 when running.Count < 5:
                cluster.Start();
                break;
            case 4:
                cluster.LoseTable();
                break;
            case 5 or 6:
                some.IsPaused = !some.IsPaused;
                break;
            case 7 or 8:
                some.IsCutOff = !some.IsCutOff;
                break;
            default:
                running.ForEach(node => node.IsCutOff = random.Next(4) == 0);
                break;
        }
    }

    private static SimulatedCluster StartThree(int seed)
    {
        var cluster = new SimulatedCluster(64, seed);
        for (var i = 0; i < 3; i++) cluster.Start();
        cluster.Pass(3 * Settling);
        AssertSettled(cluster);
        return cluster;
    }

    private static string?[] Holders(SimulatedCluster cluster) =>
        [.. Enumerable.Range(0, cluster.Shards).Select(shard => cluster.Table.GetValueOrDefault($"t:{shard}"))];

    /// <summary>Every shard is held by one node, the one that the table says and that should have it; entities are nowhere else.</summary>
    private static void AssertSettled(SimulatedCluster cluster)
    {
        var running = cluster.Running.ToList();
        var wanted = Allocation.Of(cluster.Shards, [.. running.Where(node => !node.IsLeaving).Select(node => node.Id)]);
        Assert.Equal(wanted, Holders(cluster));
        for (var shard = 0; shard < cluster.Shards; shard++)
        {
            Assert.Equal([wanted[shard]], running.Where(node => node.Table.RouteOf(shard) == ShardRoute.Here).Select(node => node.Id));
            Assert.All(running.Where(node => node.Entities.ContainsKey(shard)), node => Assert.Equal(wanted[shard], node.Id));
        }
    }
}
