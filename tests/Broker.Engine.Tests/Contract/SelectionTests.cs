namespace Broker.Engine.Tests.Contract;

public sealed class SelectionTests : ContractTest
{
    [Fact]
    public void An_actors_path_says_where_it_is()
    {
        var below = Doing((_, _) => { });
        var actor = ActorOf(Doing((context, _) => context.Sender.Tell(context.ActorOf(below, "below"), context.Self)), "above");
        actor.Tell("make", TestActor);

        var child = ExpectMsg<IActorRef>(Patience);

        Assert.Equal($"akka://{Sys.Name}/user/above/below", child.Path.ToString());
        Assert.Equal("below", child.Path.Name);
        Assert.Equal(actor.Path, child.Path.Parent);
    }

    [Fact]
    public async Task Absolute_and_relative_paths_lead_to_the_actor()
    {
        var actor = ActorOf(Doing((_, _) => { }), "found");

        Assert.Equal(actor, await Sys.ActorSelection("/user/found").ResolveOne(Patience));
        Assert.Equal(actor, await Sys.ActorSelection($"akka://{Sys.Name}/user/found").ResolveOne(Patience));
        Assert.Equal(actor, await Sys.ActorSelection(actor.Path).ResolveOne(Patience));
        Assert.Equal(actor, await Sys.ActorSelection("/user/*").ResolveOne(Patience));
    }

    [Fact]
    public void An_actor_finds_its_siblings_and_children()
    {
        ActorOf(Doing((context, message) => context.Sender.Tell($"sibling heard {message}", context.Self)), "sibling");
        var actor = ActorOf(Doing((context, message) =>
        {
            context.ActorOf(Doing((below, heard) => below.Sender.Tell($"child heard {heard}", below.Self)), "child");
            context.ActorSelection("../sibling").Tell(message, context.Sender);
            context.ActorSelection("child").Tell(message, context.Sender);
        }));

        actor.Tell("it", TestActor);

        ExpectMsgAllOf<string>(["sibling heard it", "child heard it"]);
    }

    [Fact]
    public async Task Nobody_at_a_path_is_an_error_for_who_wants_one_and_a_dead_letter_for_who_tells()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));

        await Assert.ThrowsAnyAsync<AkkaException>(() => Sys.ActorSelection("/user/nobody").ResolveOne(TimeSpan.FromSeconds(1)));
        Sys.ActorSelection("/user/nobody").Tell("lost", TestActor);

        Assert.Equal("lost", letters.FishForMessage<DeadLetter>(letter => letter.Message is string, Patience).Message);
    }

    [Fact]
    public void Whoever_asks_an_actor_who_it_is_gets_its_reference()
    {
        var actor = ActorOf(Doing((_, _) => { }));

        actor.Tell(new Identify("question"), TestActor);

        var identity = ExpectMsg<ActorIdentity>(Patience);
        Assert.Equal("question", identity.MessageId);
        Assert.Equal(actor, identity.Subject);
    }

    [Fact]
    public void Paths_can_be_read_and_compared()
    {
        var path = ActorPath.Parse("akka://sys/user/a/b");

        Assert.Equal(["user", "a", "b"], path.Elements);
        Assert.Equal(ActorPath.Parse("akka://sys/user/a"), path.Parent);
        Assert.Equal("/user/a/b", path.ToStringWithoutAddress());
        Assert.NotEqual(path, ActorPath.Parse("akka://other/user/a/b"));
        Assert.False(ActorPath.TryParse("nonsense", out _));
    }

    [Fact]
    public void A_new_actor_of_an_old_name_is_another()
    {
        var first = ActorOf(Doing((_, _) => { }), "same");
        Watch(first);
        Sys.Stop(first);
        ExpectTerminated(first, Patience);

        IActorRef? second = null;
        AwaitAssert(() => second = ActorOf(Doing((_, _) => { }), "same"), Patience);

        Assert.Equal(first.Path, second!.Path);
        Assert.NotEqual(first, second);
    }
}
