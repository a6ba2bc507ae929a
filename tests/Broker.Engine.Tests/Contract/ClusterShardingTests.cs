namespace Broker.Engine.Tests.Contract;

public sealed class ClusterShardingTests : EntitiesTest
{
    [Fact]
    public async Task An_entity_is_one_actor_whichever_node_speaks_to_it()
    {
        var nodes = await StartNodesAsync(3);

        for (var round = 1; round <= 3; round++)
        {
            for (var id = 0; id < 30; id++)
            {
                Assert.Equal($"{id}: {round}", (await AskAsync(nodes[(id + round) % 3], id)).Text);
            }
        }
    }

    [Fact]
    public async Task Entities_are_spread_evenly()
    {
        var nodes = await StartNodesAsync(3);
        // Shards are on their way to the nodes that came last, and take entities with them.
        await EventuallyAsync(
            async () =>
            {
                foreach (var chunk in Enumerable.Range(0, 10_000).Chunk(500))
                {
                    await Task.WhenAll(chunk.Select(id => AskAsync(nodes[id % 3], id)));
                }

                var stats = await nodes[1].Region.Ask<ClusterShardingStats>(new GetClusterShardingStats(Patience), Patience);
                var sizes = stats.Regions.Values.Select(region => region.Stats.Values.Sum()).ToList();
                return sizes.Sum() == 10_000 && sizes.Count == 3 && sizes.Max() <= 1.5 * sizes.Min();
            },
            "all entities live, evenly spread");
    }

    [Fact]
    public async Task The_order_of_one_senders_messages_is_kept_on_the_way_to_another_node()
    {
        var nodes = await StartNodesAsync(2);
        using var kit = KitOf(nodes[0].System);

        for (var i = 1; i <= 1000; i++)
        {
            for (var id = 0; id < 4; id++)
            {
                nodes[0].Region.Tell(new ShardingEnvelope($"{id}", "count"), kit.TestActor);
            }
        }

        var answers = kit.ReceiveN(4000, Patience).Cast<string>().ToLookup(answer => answer.Split(':')[0], answer => answer.Split(' ')[1]);
        Assert.All(answers, answer => Assert.Equal(Enumerable.Range(1, 1000).Select(i => $"{i}"), answer));
    }

    [Fact]
    public async Task When_a_node_joins_some_shards_move_to_it_and_are_stopped_with_the_hand_off_message_first()
    {
        var first = (await StartNodesAsync(1))[0];
        await Task.WhenAll(Enumerable.Range(0, 100).Select(id => AskAsync(first, id)));

        var second = Node.On(await StartAsync(), first.Life);
        await EventuallyAsync(async () => (await CountAsync(second)) is var count && await TouchAllAsync(first, 100) && count > 20, "the new node has entities");

        var life = first.Life.ToArray();
        foreach (var moved in life.Where(happened => happened.What == "starts" && happened.Where == second.Name))
        {
            var before = life.TakeWhile(happened => happened != moved).Where(happened => happened.Id == moved.Id).Select(happened => happened.What).ToList();
            Assert.Equal(["starts", "was handed off", "stops"], before);
        }
    }

    [Fact]
    public async Task No_entity_lives_twice_while_nodes_come_and_go_in_order()
    {
        var first = (await StartNodesAsync(1, LongLease))[0];
        using var stop = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await TouchAllAsync(first, 200);
            }
        });

        var second = Node.On(await StartAsync(LongLease), first.Life);
        var third = Node.On(await StartAsync(LongLease), first.Life);
        await EventuallyAsync(async () => await CountAsync(third) > 10, "the third has entities");
        Cluster.Get(second.System).Leave(Cluster.Get(second.System).SelfAddress);
        await second.System.WhenTerminated.WaitAsync(Patience);
        await EventuallyAsync(async () => await CountAsync(third) > 60, "the third has the second's");
        await stop.CancelAsync();
        await load;

        var alive = new HashSet<string>();
        foreach (var happened in first.Life.ToArray())
        {
            if (happened.What == "starts") Assert.True(alive.Add(happened.Id), $"{happened.Id} lives twice");
            if (happened.What == "stops") Assert.True(alive.Remove(happened.Id));
        }
    }

    [Fact]
    public async Task Entities_of_a_node_that_crashed_come_to_life_elsewhere()
    {
        var nodes = await StartNodesAsync(3);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(id => AskAsync(nodes[0], id)));

        ((ExtendedActorSystem)nodes[2].System).Abort();

        await EventuallyAsync(() => TouchAllAsync(nodes[0], 100), "all answer again");
        await EventuallyAsync(() => Cluster.Get(nodes[0].System).State.Members.Count == 2, "the dead node is removed");
    }

    [Fact]
    public async Task Entities_of_a_node_that_left_come_to_life_elsewhere()
    {
        var nodes = await StartNodesAsync(2, LongLease);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(id => AskAsync(nodes[0], id)));

        Cluster.Get(nodes[1].System).Leave(Cluster.Get(nodes[1].System).SelfAddress);
        await nodes[1].System.WhenTerminated.WaitAsync(Patience);

        await EventuallyAsync(() => TouchAllAsync(nodes[0], 100), "all answer");
        Assert.Equal(100, await CountAsync(nodes[0]));
    }

    [Fact]
    public async Task Passivation_works_for_an_entity_on_another_node()
    {
        var nodes = await StartNodesAsync(2);
        var far = -1;
        for (var id = 0; far < 0; id++)
        {
            far = (await AskAsync(nodes[0], id)).Where == nodes[1].Name ? id : -1;
        }

        nodes[0].Region.Tell(new ShardingEnvelope($"{far}", "passivate"), ActorRefs.NoSender);
        await EventuallyAsync(() => nodes[0].Life.Contains(new Event($"{far}", "stops", nodes[1].Name)), "it stops");

        Assert.Equal($"{far}: 1", (await AskAsync(nodes[0], far)).Text);
    }

    [Fact]
    public async Task A_regions_state_is_of_its_own_node()
    {
        var nodes = await StartNodesAsync(2);
        HashSet<string>[] ids = [];

        await EventuallyAsync(
            async () =>
            {
                await TouchAllAsync(nodes[0], 50);
                var states = await Task.WhenAll(nodes.Select(node => node.Region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, Patience)));
                ids = [.. states.Select(state => state.Shards.SelectMany(shard => shard.EntityIds).ToHashSet())];
                return ids[0].Count + ids[1].Count == 50 && ids[1].Count > 10;
            },
            "all live, on both");

        Assert.Empty(ids[0].Intersect(ids[1]));
    }
}
