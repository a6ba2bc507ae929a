namespace Broker.Engine.Tests.Contract;

public sealed class StoppingTests : ContractTest
{
    /// <summary>Akka.NET takes its time over 100,000 actors.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(3);

    [Fact]
    public void A_poison_pill_takes_effect_after_what_came_before_it_and_before_what_came_after()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
        using var gate = new ManualResetEventSlim();
        var actor = ActorOf(Doing((context, message) =>
        {
            gate.Wait();
            context.Sender.Tell(message, context.Self);
        }));
        Watch(actor);

        actor.Tell("one", TestActor);
        actor.Tell("two", TestActor);
        actor.Tell(PoisonPill.Instance, TestActor);
        actor.Tell("three", TestActor);
        gate.Set();

        ExpectMsg("one", Patience);
        ExpectMsg("two");
        ExpectTerminated(actor);
        Assert.Equal("three", letters.ExpectMsg<DeadLetter>(Patience).Message);
    }

    [Fact]
    public void Stop_takes_effect_after_the_message_being_handled_and_before_the_next()
    {
        var actor = ActorOf(Doing((context, message) =>
        {
            context.Stop(context.Self);
            context.Sender.Tell(message, context.Self);
        }));
        Watch(actor);

        actor.Tell("one", TestActor);
        actor.Tell("two", TestActor);

        ExpectMsg("one", Patience);
        ExpectTerminated(actor);
    }

    [Fact]
    public void Children_have_stopped_before_their_parents_PostStop()
    {
        var actor = ActorOf(() => new Generation(TestActor, 3));
        ExpectMsgAllOf<string>(["start 3", "start 2", "start 1"]);
        Watch(actor);

        Sys.Stop(actor);

        ExpectMsg("stop 1", Patience);
        ExpectMsg("stop 2");
        ExpectMsg("stop 3");
        ExpectTerminated(actor);
    }

    [Fact]
    public void No_message_is_handled_while_an_actor_waits_for_its_children_to_stop()
    {
        using var gate = new ManualResetEventSlim();
        var actor = ActorOf(() => new ParentOfStubborn(TestActor, gate));
        ExpectMsg("ready", Patience);
        Watch(actor);

        actor.Tell("stop", TestActor);
        actor.Tell("too late", TestActor);
        ExpectMsg("stopping");
        gate.Set();

        ExpectTerminated(actor, Patience);
    }

    [Fact]
    public void Names_are_unique_among_siblings()
    {
        ActorOf(Doing((_, _) => { }), "taken");

        Assert.Throws<InvalidActorNameException>(() => ActorOf(Doing((_, _) => { }), "taken"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$a")]
    [InlineData("a/b")]
    [InlineData("white space")]
    [InlineData("ä")]
    public void Names_that_are_no_path_elements_are_refused(string name) =>
        Assert.Throws<InvalidActorNameException>(() => ActorOf(Doing((_, _) => { }), name));

    [Fact]
    public void A_stopping_actor_can_have_no_more_children()
    {
        var actor = ActorOf(() => new LateParent(TestActor));
        Watch(actor);

        Sys.Stop(actor);

        ExpectMsg("refused", Patience);
        ExpectTerminated(actor);
    }

    [Fact]
    public async Task A_tree_of_100_000_actors_stops()
    {
        const int children = 100_000;
        var started = CreateTestProbe();
        var parent = ActorOf(() => new Crowd(started, children));
        started.ExpectMsg("crowd is there", LongPatience);
        Assert.Equal(children, await parent.Ask<int>("count", LongPatience));
        Watch(parent);

        Sys.Stop(parent);

        ExpectTerminated(parent, LongPatience);
    }

    [Fact]
    public void A_chain_of_10_000_generations_stops()
    {
        var actor = ActorOf(() => new Link(TestActor, 10_000));
        ExpectMsg("last", LongPatience);
        Watch(actor);

        Sys.Stop(actor);

        ExpectTerminated(actor, LongPatience);
    }

    [Fact]
    public async Task A_terminated_system_has_stopped_everything_and_makes_nothing_more()
    {
        var probe = CreateTestProbe();
        ActorOf(() => new Generation(probe, 2));
        probe.ExpectMsgAllOf<string>(["start 2", "start 1"]);
        var callback = new TaskCompletionSource();
        Sys.RegisterOnTermination(callback.SetResult);

        await Sys.Terminate().WaitAsync(Patience);

        await callback.Task.WaitAsync(Patience);
        Assert.True(Sys.WhenTerminated.IsCompletedSuccessfully);
        Assert.ThrowsAny<Exception>(() => Sys.ActorOf(Doing((_, _) => { }), "afterwards"));
    }

    private sealed class Generation : UntypedActor
    {
        private readonly IActorRef _report;
        private readonly int _number;

        public Generation(IActorRef report, int number)
        {
            (_report, _number) = (report, number);
            if (number > 1)
            {
                Context.ActorOf(Props.Create(() => new Generation(report, number - 1)));
            }
        }

        protected override void PreStart() => _report.Tell($"start {_number}");

        protected override void PostStop() => _report.Tell($"stop {_number}");

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class ParentOfStubborn : ReceiveActor
    {
        public ParentOfStubborn(IActorRef report, ManualResetEventSlim gate)
        {
            Context.ActorOf(Props.Create(() => new Stubborn(report, gate)));
            Receive<string>(message => message == "stop", _ =>
            {
                Context.Stop(Self);
                Sender.Tell("stopping");
            });
            ReceiveAny(message => Sender.Tell(message));
        }

        private sealed class Stubborn(IActorRef report, ManualResetEventSlim gate) : UntypedActor
        {
            protected override void PreStart() => report.Tell("ready");

            protected override void PostStop() => gate.Wait(Patience);

            protected override void OnReceive(object message) => Unhandled(message);
        }
    }

    private sealed class LateParent(IActorRef report) : UntypedActor
    {
        protected override void PostStop()
        {
            try
            {
                Context.ActorOf(Doing((_, _) => { }), "late");
            }
            catch (InvalidOperationException)
            {
                report.Tell("refused");
            }
        }

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class Crowd : ReceiveActor
    {
        public Crowd(IActorRef report, int size)
        {
            var left = size;
            var props = Props.Create(() => new Member());
            for (var i = 0; i < size; i++)
            {
                Context.ActorOf(props).Tell("there?");
            }

            Receive<string>(message => message == "there", _ =>
            {
                if (--left == 0)
                {
                    report.Tell("crowd is there");
                }
            });
            Receive<string>(_ => Sender.Tell(Context.GetChildren().Count()));
        }

        private sealed class Member : ReceiveActor
        {
            public Member() => Receive<string>(_ => Sender.Tell("there"));
        }
    }

    private sealed class Link : UntypedActor
    {
        public Link(IActorRef report, int left)
        {
            if (left == 1)
            {
                report.Tell("last");
            }
            else
            {
                Context.ActorOf(Props.Create(() => new Link(report, left - 1)), "n");
            }
        }

        protected override void OnReceive(object message) => Unhandled(message);
    }
}
