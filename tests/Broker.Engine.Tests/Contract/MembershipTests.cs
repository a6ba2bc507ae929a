namespace Broker.Engine.Tests.Contract;

public sealed class MembershipTests : ClusterTest
{
    [Fact]
    public async Task Nodes_that_join_see_each_other()
    {
        var systems = await StartManyAsync(3);

        var addresses = systems.Select(system => Cluster.Get(system).SelfAddress).ToHashSet();
        Assert.All(systems, system => Assert.Equal(addresses, Cluster.Get(system).State.Members.Select(member => member.Address).ToHashSet()));
        Assert.All(systems, system => Assert.Equal(MemberStatus.Up, Cluster.Get(system).SelfMember.Status));
    }

    [Fact]
    public async Task A_subscriber_first_hears_the_state_and_then_what_happens()
    {
        // Three, so that those who remain are the majority: of two nodes Akka.NET's resolver keeps the one with the lower address, alive or not.
        var systems = await StartManyAsync(2);
        var first = systems[0];
        using var kit = KitOf(first);
        Cluster.Get(first).Subscribe(kit.TestActor, typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.MemberRemoved));
        var addresses = systems.Select(system => Cluster.Get(system).SelfAddress).ToHashSet();
        Assert.Equal(addresses, kit.ExpectMsg<ClusterEvent.CurrentClusterState>(Patience).Members.Select(member => member.Address).ToHashSet());

        var third = await StartAsync();
        Assert.Equal(Cluster.Get(third).SelfUniqueAddress, kit.ExpectMsg<ClusterEvent.MemberUp>(Patience).Member.UniqueAddress);

        ((ExtendedActorSystem)third).Abort();
        var removed = kit.ExpectMsg<ClusterEvent.MemberRemoved>(Patience);
        Assert.Equal(Cluster.Get(third).SelfAddress, removed.Member.Address);
        Assert.Equal(MemberStatus.Down, removed.PreviousStatus);
    }

    [Fact]
    public async Task A_subscription_may_begin_with_events_instead_of_the_state()
    {
        var first = (await StartManyAsync(2))[0];
        using var kit = KitOf(first);

        Cluster.Get(first).Subscribe(kit.TestActor, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

        var up = kit.ReceiveN(2, Patience).Cast<ClusterEvent.MemberUp>().Select(happened => happened.Member.Address);
        Assert.Equal(Cluster.Get(first).State.Members.Select(member => member.Address).ToHashSet(), up.ToHashSet());
    }

    [Fact]
    public async Task Who_unsubscribes_hears_nothing_more()
    {
        var first = (await StartManyAsync(1))[0];
        using var kit = KitOf(first);
        Cluster.Get(first).Subscribe(kit.TestActor, typeof(ClusterEvent.IMemberEvent));
        kit.ExpectMsg<ClusterEvent.CurrentClusterState>(Patience);

        Cluster.Get(first).Unsubscribe(kit.TestActor);
        await StartAsync();

        kit.ExpectNoMsg(TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task A_node_that_leaves_shuts_down_and_is_removed()
    {
        var systems = await StartManyAsync(2);
        using var kit = KitOf(systems[0]);
        Cluster.Get(systems[0]).Subscribe(kit.TestActor, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        var removed = new TaskCompletionSource();
        Cluster.Get(systems[1]).RegisterOnMemberRemoved(removed.SetResult);

        Cluster.Get(systems[1]).Leave(Cluster.Get(systems[1]).SelfAddress);

        Assert.Equal(MemberStatus.Exiting, kit.ExpectMsg<ClusterEvent.MemberRemoved>(Patience).PreviousStatus);
        await removed.Task.WaitAsync(Patience);
        await systems[1].WhenTerminated.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_node_may_be_asked_to_leave_by_another()
    {
        var systems = await StartManyAsync(2);

        Cluster.Get(systems[0]).Leave(Cluster.Get(systems[1]).SelfAddress);

        await systems[1].WhenTerminated.WaitAsync(Patience);
        await EventuallyAsync(() => Cluster.Get(systems[0]).State.Members.Count == 1, "it is removed");
    }

    [Fact]
    public async Task A_node_that_is_sent_away_shuts_down()
    {
        var systems = await StartManyAsync(2);

        Cluster.Get(systems[0]).Down(Cluster.Get(systems[1]).SelfAddress);

        await EventuallyAsync(() => Cluster.Get(systems[0]).State.Members.Count == 1, "it is removed");
        await EventuallyAsync(() => Cluster.Get(systems[1]).IsTerminated, "it knows");
    }
}
