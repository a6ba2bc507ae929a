namespace Broker.Engine.Tests.Contract;

public sealed class WatchTests : ContractTest
{
    [Fact]
    public void A_watcher_hears_of_the_end_after_all_that_the_actor_sent()
    {
        var actor = ActorOf(Doing((context, _) =>
        {
            for (var i = 0; i < 100; i++)
            {
                context.Sender.Tell(i, context.Self);
            }

            context.Stop(context.Self);
        }));
        Watch(actor);

        actor.Tell("go", TestActor);

        Assert.Equal(Enumerable.Range(0, 100), ReceiveN(100, Patience).Cast<int>());
        ExpectTerminated(actor);
    }

    [Fact]
    public void Whoever_watches_a_dead_actor_hears_of_it_at_once()
    {
        var actor = ActorOf(Doing((_, _) => { }));
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor, Patience);

        var late = CreateTestProbe();
        late.Watch(actor);

        late.ExpectTerminated(actor, Patience);
    }

    [Fact]
    public async Task A_watch_that_races_with_the_end_is_always_answered()
    {
        for (var i = 0; i < 500; i++)
        {
            var actor = ActorOf(Doing((_, _) => { }));
            await Task.WhenAll(Task.Run(() => Sys.Stop(actor)), Task.Run(() => Watch(actor)));
            await ExpectTerminatedAsync(actor, Patience);
        }
    }

    [Fact]
    public void Watching_twice_tells_once()
    {
        var actor = ActorOf(Doing((_, _) => { }));
        Watch(actor);
        Watch(actor);

        Sys.Stop(actor);

        ExpectTerminated(actor, Patience);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void WatchWith_tells_the_message_given()
    {
        var target = ActorOf(Doing((_, _) => { }));
        ActorOf(() => new WatchingWith(target, TestActor));
        ExpectMsg("watching");

        Sys.Stop(target);

        ExpectMsg("it is gone", Patience);
    }

    [Fact]
    public void Who_unwatches_hears_nothing_not_even_what_was_on_its_way()
    {
        var target = ActorOf(Doing((_, _) => { }));
        var watcher = ActorOf(() => new Hesitant(target, TestActor));
        Watch(target);
        watcher.Tell("block until it is dead");
        ExpectMsg("blocking");

        Sys.Stop(target);
        ExpectTerminated(target, Patience);
        Hesitant.Continue.Set();

        ExpectMsg("unwatched", Patience);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void Who_has_no_handler_for_the_end_of_what_it_watches_ends_too()
    {
        var target = ActorOf(Doing((_, _) => { }));
        var watcher = ActorOf(() => new Faithful(target));
        Watch(watcher);

        Sys.Stop(target);

        ExpectTerminated(watcher, Patience);
    }

    [Fact]
    public void A_parent_that_hears_of_its_childs_end_may_use_the_name_again()
    {
        ActorOf(() => new Remaker(TestActor));

        ExpectMsg("made again", Patience);
    }

    [Fact]
    public void Watches_outlive_a_restart()
    {
        var target = ActorOf(Doing((_, _) => { }));
        var watcher = ActorOf(() => new RestartedWatcher(target, TestActor));
        watcher.Tell("watch");
        ExpectMsg("watching");
        watcher.Tell(new Boom());
        watcher.Tell("ping");
        ExpectMsg("ping", Patience);

        Sys.Stop(target);

        ExpectMsg("heard", Patience);
    }

    private sealed class WatchingWith : ReceiveActor
    {
        public WatchingWith(IActorRef target, IActorRef report)
        {
            Context.WatchWith(target, "it is gone");
            report.Tell("watching");
            Receive<string>(message => report.Tell(message));
            Receive<Terminated>(_ => report.Tell("not this"));
        }
    }

    private sealed class Hesitant : ReceiveActor
    {
        public static readonly ManualResetEventSlim Continue = new();

        public Hesitant(IActorRef target, IActorRef report)
        {
            Context.Watch(target);
            Receive<string>(_ =>
            {
                report.Tell("blocking");
                Assert.True(Continue.Wait(Patience));
                Context.Unwatch(target);
                report.Tell("unwatched");
            });
            Receive<Terminated>(_ => report.Tell("not wanted any more"));
        }
    }

    private sealed class Faithful : ReceiveActor
    {
        public Faithful(IActorRef target) => Context.Watch(target);
    }

    private sealed class Remaker : ReceiveActor
    {
        public Remaker(IActorRef report)
        {
            Context.Watch(Context.ActorOf(Doing((_, _) => { }), "only"));
            Receive<Terminated>(_ =>
            {
                Context.ActorOf(Doing((_, _) => { }), "only");
                report.Tell("made again");
            });
            Context.Stop(Context.Child("only"));
        }
    }

    private sealed class RestartedWatcher : ReceiveActor
    {
        public RestartedWatcher(IActorRef target, IActorRef report)
        {
            Receive<Exception>(failure => throw failure);
            Receive<Terminated>(_ => report.Tell("heard"));
            Receive<string>(message => message == "watch", _ =>
            {
                Context.Watch(target);
                report.Tell("watching");
            });
            ReceiveAny(message => report.Tell(message));
        }
    }
}
