namespace Broker.Engine.Tests.Contract;

public sealed class RemoteTests : ClusterTest
{
    [Fact]
    public async Task A_message_and_its_answer_go_from_node_to_node()
    {
        var (here, there) = await TwoAsync();
        var echo = there.ActorOf(Props.Create(() => new Echo()), "echo");
        using var kit = KitOf(here);

        (await SeenFromAsync(here, echo, there)).Tell("hello", kit.TestActor);

        kit.ExpectMsg("hello", Patience);
    }

    [Fact]
    public async Task The_sender_of_a_message_is_known_on_the_other_node()
    {
        var (here, there) = await TwoAsync();
        using var kit = KitOf(there);
        var asking = here.ActorOf(Props.Create(() => new Echo()), "asking");
        var target = await SeenFromAsync(here, kit.TestActor, there);

        target.Tell("who is it", asking);

        kit.ExpectMsg("who is it", Patience);
        Assert.Equal(asking.Path.Uid, kit.LastSender.Path.Uid);
        Assert.Equal(Cluster.Get(here).SelfAddress, kit.LastSender.Path.Address);
    }

    [Fact]
    public async Task An_ask_is_answered_from_another_node()
    {
        var (here, there) = await TwoAsync();
        var echo = await SeenFromAsync(here, there.ActorOf(Props.Create(() => new Echo()), "echo"), there);

        Assert.Equal("hello", await echo.Ask<string>("hello", Patience));
    }

    [Fact]
    public async Task Messages_of_one_sender_arrive_in_order()
    {
        var (here, there) = await TwoAsync();
        using var kit = KitOf(there);
        var target = await SeenFromAsync(here, kit.TestActor, there);

        for (var i = 0; i < 10_000; i++)
        {
            target.Tell(i, ActorRefs.NoSender);
        }

        Assert.Equal(Enumerable.Range(0, 10_000), kit.ReceiveN(10_000, Patience).Cast<int>());
    }

    [Fact]
    public async Task References_may_be_told_and_lead_home()
    {
        var (here, there) = await TwoAsync();
        var echo = await SeenFromAsync(here, there.ActorOf(Props.Create(() => new Echo()), "echo"), there);
        using var kit = KitOf(here);

        echo.Tell(new ActorIdentity(1, kit.TestActor), kit.TestActor);

        var back = kit.ExpectMsg<ActorIdentity>(Patience).Subject;
        back!.Tell("it is me", ActorRefs.NoSender);
        kit.ExpectMsg("it is me", Patience);
        Assert.Equal(kit.TestActor, back);
    }

    [Fact]
    public async Task Who_watches_an_actor_of_another_node_hears_when_it_stops()
    {
        var (here, there) = await TwoAsync();
        var echo = there.ActorOf(Props.Create(() => new Echo()), "echo");
        using var kit = KitOf(here);
        var seen = await SeenFromAsync(here, echo, there);
        kit.Watch(seen);
        seen.Tell("still there", kit.TestActor);
        kit.ExpectMsg("still there", Patience);

        there.Stop(echo);

        kit.ExpectTerminated(seen, Patience);
    }

    [Fact]
    public async Task A_watch_of_an_actor_that_has_stopped_is_answered()
    {
        var (here, there) = await TwoAsync();
        var echo = there.ActorOf(Props.Create(() => new Echo()), "echo");
        using var kit = KitOf(here);
        using var kitThere = KitOf(there);
        var seen = await SeenFromAsync(here, echo, there);
        kitThere.Watch(echo);
        there.Stop(echo);
        kitThere.ExpectTerminated(echo, Patience);

        kit.Watch(seen);

        kit.ExpectTerminated(seen, Patience);
    }

    [Fact]
    public async Task Who_takes_a_watch_back_hears_nothing()
    {
        var (here, there) = await TwoAsync();
        var echo = there.ActorOf(Props.Create(() => new Echo()), "echo");
        using var kit = KitOf(here);
        var seen = await SeenFromAsync(here, echo, there);
        kit.Watch(seen);
        kit.Unwatch(seen);
        seen.Tell("the watch was before this", kit.TestActor);
        kit.ExpectMsg("the watch was before this", Patience);

        there.Stop(echo);

        kit.ExpectNoMsg(TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public async Task When_a_node_is_gone_all_its_actors_are()
    {
        var (here, there) = await TwoAsync();
        using var kit = KitOf(here);
        var seen = new List<IActorRef>();
        for (var i = 0; i < 10; i++)
        {
            seen.Add(await SeenFromAsync(here, there.ActorOf(Props.Create(() => new Echo()), $"echo-{i}"), there));
            kit.Watch(seen[i]);
        }

        seen[0].Tell("all watched", kit.TestActor);
        kit.ExpectMsg("all watched", Patience);

        ((ExtendedActorSystem)there).Abort();

        // Whether each says so itself (on Akka.NET the actors of an aborted system do) or the node's address is given up for all.
        var gone = kit.ReceiveN(10, Patience).Cast<Terminated>().ToList();
        Assert.Equal(seen.ToHashSet(), gone.Select(terminated => terminated.ActorRef).ToHashSet());
    }

    [Fact]
    public async Task A_reference_to_a_former_life_of_an_actor_does_not_lead_to_its_next()
    {
        var (here, there) = await TwoAsync();
        var first = there.ActorOf(Props.Create(() => new Echo()), "echo");
        var seen = await SeenFromAsync(here, first, there);
        using var kit = KitOf(here);
        using var kitThere = KitOf(there);
        kitThere.Watch(first);
        there.Stop(first);
        kitThere.ExpectTerminated(first, Patience);
        var second = await SeenFromAsync(here, there.ActorOf(Props.Create(() => new Echo()), "echo"), there);

        seen.Tell("to the first", kit.TestActor);
        second.Tell("to the second", kit.TestActor);

        kit.ExpectMsg("to the second", Patience);
        Assert.NotEqual(seen, second);
    }

    [Fact]
    public async Task A_poison_pill_stops_an_actor_of_another_node()
    {
        var (here, there) = await TwoAsync();
        using var kit = KitOf(here);
        var seen = await SeenFromAsync(here, there.ActorOf(Props.Create(() => new Echo()), "echo"), there);
        kit.Watch(seen);

        seen.Tell(PoisonPill.Instance, ActorRefs.NoSender);

        kit.ExpectTerminated(seen, Patience);
    }

    [Fact]
    public async Task A_long_message_arrives_where_the_settings_let_it()
    {
        var (here, there) = await TwoAsync("akka.remote.dot-netty.tcp.maximum-frame-size = 6MiB");
        using var kit = KitOf(here);
        var echo = await SeenFromAsync(here, there.ActorOf(Props.Create(() => new Echo()), "echo"), there);
        var bytes = new byte[5 << 20];
        new Random(1).NextBytes(bytes);

        echo.Tell("before", kit.TestActor);
        echo.Tell(bytes, kit.TestActor);
        echo.Tell("after", kit.TestActor);

        kit.ExpectMsg("before", Patience);
        Assert.True(bytes.AsSpan().SequenceEqual(kit.ExpectMsg<byte[]>(Patience)));
        kit.ExpectMsg("after", Patience);
    }

    private async Task<(ActorSystem Here, ActorSystem There)> TwoAsync(string more = "")
    {
        var systems = await StartManyAsync(2, more);
        return (systems[0], systems[1]);
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }
}
