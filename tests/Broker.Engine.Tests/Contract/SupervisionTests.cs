namespace Broker.Engine.Tests.Contract;

public sealed class SupervisionTests : ContractTest
{
    private readonly TestProbe _witness;

    public SupervisionTests() => _witness = CreateTestProbe();

    [Fact]
    public async Task A_restarted_child_is_new_and_has_lost_only_the_message_it_failed_on()
    {
        var (_, child) = await Family(_ => Directive.Restart);
        child.Tell("before", TestActor);
        ExpectMsg<(object, int)>(("before", 1));

        child.Tell(new Boom(), TestActor);
        child.Tell("after", TestActor);

        ExpectMsg<(object, int)>(("after", 1), Patience);
        Witnessed("PreRestart boom on an exception", "PostStop", "PostRestart boom", "PreStart");
    }

    [Fact]
    public async Task A_restart_keeps_what_waits_in_the_mailbox_in_order()
    {
        var (_, child) = await Family(_ => Directive.Restart);

        child.Tell(new Boom(), TestActor);
        for (var i = 0; i < 1_000; i++)
        {
            child.Tell(i, TestActor);
        }

        var answers = ReceiveN(1_000, Patience).Cast<(object Message, int Count)>();
        Assert.Equal(Enumerable.Range(0, 1_000), answers.Select(answer => (int)answer.Message));
    }

    [Fact]
    public async Task A_resumed_child_keeps_its_state()
    {
        var (_, child) = await Family(_ => Directive.Resume);
        child.Tell("before", TestActor);
        ExpectMsg<(object, int)>(("before", 1));

        child.Tell(new Boom(), TestActor);
        child.Tell("after", TestActor);

        ExpectMsg<(object, int)>(("after", 2), Patience);
        _witness.ExpectNoMsg(Quiet);
    }

    [Fact]
    public async Task A_stopped_child_is_gone()
    {
        var (_, child) = await Family(_ => Directive.Stop);
        Watch(child);

        child.Tell(new Boom());

        ExpectTerminated(child, Patience);
        Witnessed("PostStop");
    }

    [Fact]
    public async Task A_failed_child_does_not_disturb_its_siblings()
    {
        var (parent, child) = await Family(_ => Directive.Restart);
        var sibling = await MakeChild(parent, CreateTestProbe());
        sibling.Tell("one", TestActor);

        child.Tell(new Boom());
        _witness.FishForMessage<string>(message => message == "PreStart");
        sibling.Tell("two", TestActor);

        ExpectMsg<(object, int)>(("one", 1));
        ExpectMsg<(object, int)>(("two", 2));
    }

    [Fact]
    public async Task What_is_escalated_fails_the_parent_and_its_supervisor_decides()
    {
        var (grandparent, _) = await Family(_ => Directive.Stop);
        var parent = await grandparent.Ask<IActorRef>(new Parent.Make(Parent.On(_ => Directive.Escalate)), Patience);
        var child = await MakeChild(parent, CreateTestProbe());
        Watch(parent);

        child.Tell(new Boom());

        ExpectTerminated(parent, Patience);
    }

    [Fact]
    public async Task A_parent_that_is_resumed_resumes_the_child_whose_failure_it_escalated()
    {
        var (grandparent, _) = await Family(_ => Directive.Resume);
        var parent = await grandparent.Ask<IActorRef>(new Parent.Make(Parent.On(_ => Directive.Escalate)), Patience);
        var child = await MakeChild(parent, CreateTestProbe());
        child.Tell("one", TestActor);

        child.Tell(new Boom(), TestActor);
        child.Tell("two", TestActor);

        ExpectMsg<(object, int)>(("one", 1), Patience);
        ExpectMsg<(object, int)>(("two", 2), Patience);
        Assert.Equal("parent too", await parent.Ask<string>("parent too", Patience));
    }

    [Fact]
    public async Task A_restarted_parent_stops_its_children_before_its_new_instance_starts()
    {
        var order = CreateTestProbe();
        var top = ActorOf(Parent.On(_ => Directive.Restart));
        var parent = await top.Ask<IActorRef>(new Parent.Make(Props.Create(() => new ParentOfSlowChild(order))), Patience);
        order.ExpectMsg("parent starts");
        order.ExpectMsg("child starts");

        parent.Tell(new Boom());

        order.ExpectMsg("child stops", Patience);
        order.ExpectMsg("parent starts", Patience);
        order.ExpectMsg("child starts", Patience);
    }

    [Fact]
    public async Task A_restarted_parent_that_keeps_its_children_restarts_them_with_it()
    {
        var top = ActorOf(Parent.On(_ => Directive.Restart));
        var witness = _witness;
        var parent = await top.Ask<IActorRef>(new Parent.Make(Props.Create(() => new KeepingParent(witness))), Patience);
        Witnessed("PreStart");

        parent.Tell(new Boom());

        Witnessed("PreRestart boom on nothing", "PostStop", "PostRestart boom", "PreStart");
    }

    [Fact]
    public async Task After_the_granted_number_of_restarts_the_child_is_stopped()
    {
        var parent = ActorOf(Props.Create(() => new Parent(new OneForOneStrategy(2, Timeout.Infinite, _ => Directive.Restart, true))));
        var child = await MakeChild(parent, _witness);
        Watch(child);

        child.Tell(new Boom("first"));
        child.Tell(new Boom("second"));
        child.Tell("alive", TestActor);
        ExpectMsg<(object, int)>(("alive", 1), Patience);
        child.Tell(new Boom("third"));

        ExpectTerminated(child, Patience);
    }

    [Fact]
    public async Task By_default_a_child_that_fails_is_restarted_and_one_that_cannot_be_made_is_stopped()
    {
        var parent = ActorOf(Props.Create(() => new DefaultParent()));
        var failing = await MakeChild(parent, _witness);
        var impossible = await parent.Ask<IActorRef>(new Parent.Make(Props.Create(() => new Unmakeable())), Patience);
        Watch(impossible);

        ExpectTerminated(impossible, Patience);
        failing.Tell(new Boom());
        failing.Tell("still here", TestActor);

        ExpectMsg<(object, int)>(("still here", 1), Patience);
    }

    [Fact]
    public async Task An_actor_that_fails_in_PreStart_is_stopped_without_PostStop()
    {
        var parent = ActorOf(Props.Create(() => new DefaultParent()));
        var witness = _witness;
        var actor = await parent.Ask<IActorRef>(new Parent.Make(Props.Create(() => new FailsInPreStart(witness))), Patience);
        Watch(actor);

        ExpectTerminated(actor, Patience);
        _witness.ExpectNoMsg(Quiet);
    }

    [Fact]
    public async Task A_child_that_cannot_be_made_may_be_tried_again()
    {
        var tries = 0;
        var parent = ActorOf(Parent.On(_ => Directive.Restart));
        var child = await parent.Ask<IActorRef>(
            new Parent.Make(Props.CreateBy(new Producer(() => ++tries < 3 ? throw new Boom() : new Echo()))), Patience);

        Assert.Equal("made at last", await child.Ask<string>("made at last", Patience));
        Assert.Equal(3, tries);
    }

    [Fact]
    public async Task Failures_in_PostStop_and_PreRestart_do_not_keep_the_actor()
    {
        var parent = ActorOf(Parent.On(_ => Directive.Restart));
        var actor = await parent.Ask<IActorRef>(new Parent.Make(Props.Create(() => new FailsInPostStop())), Patience);
        Watch(actor);

        actor.Tell(new Boom());
        Assert.Equal("restarted", await actor.Ask<string>("restarted", Patience));
        Sys.Stop(actor);

        ExpectTerminated(actor, Patience);
    }

    [Fact]
    public async Task A_decider_that_throws_fails_the_parent_and_hangs_nothing()
    {
        var top = ActorOf(Parent.On(_ => Directive.Restart));
        var parent = await top.Ask<IActorRef>(new Parent.Make(Parent.On(_ => throw new Boom("in the decider"))), Patience);
        var child = await MakeChild(parent, _witness);
        Watch(child);

        child.Tell(new Boom());

        ExpectTerminated(child, Patience);
        Assert.Equal("parent again", await parent.Ask<string>("parent again", Patience));
    }

    [Fact]
    public async Task Kill_stops_a_child_by_default()
    {
        var parent = ActorOf(Props.Create(() => new DefaultParent()));
        var child = await MakeChild(parent, _witness);
        Watch(child);

        child.Tell(Kill.Instance);

        ExpectTerminated(child, Patience);
    }

    [Fact]
    public async Task Props_can_replace_the_strategy_of_the_actor()
    {
        var stopping = new OneForOneStrategy(_ => Directive.Stop);
        var parent = ActorOf(Parent.On(_ => Directive.Resume).WithSupervisorStrategy(stopping));
        var child = await MakeChild(parent, _witness);
        Watch(child);

        child.Tell(new Boom());

        ExpectTerminated(child, Patience);
    }

    [Fact]
    public async Task The_supervisor_knows_which_child_failed_and_with_what()
    {
        var parent = ActorOf(Props.Create(() => new AskingParent(TestActor)));
        var child = await MakeChild(parent, _witness);

        child.Tell(new Boom("exactly this"));

        ExpectMsg<(IActorRef, string)>((child, "exactly this"), Patience);
    }

    [Fact]
    public async Task A_guardian_that_fails_ends_the_system()
    {
        var actor = ActorOf(Doing((_, _) => { }));
        Watch(actor);

        Sys.ActorSelection("/user").Tell(Kill.Instance, TestActor);

        ExpectTerminated(actor, Patience);
        await Sys.WhenTerminated.WaitAsync(Patience);
    }

    private async Task<(IActorRef Parent, IActorRef Child)> Family(Func<Exception, Directive> decide)
    {
        var parent = ActorOf(Parent.On(decide));
        var child = await MakeChild(parent, _witness);
        Witnessed("PreStart");
        return (parent, child);
    }

    private static Task<IActorRef> MakeChild(IActorRef parent, TestProbe witness) =>
        parent.Ask<IActorRef>(new Parent.Make(Props.Create(() => new Child(witness))), Patience);

    private void Witnessed(params string[] events)
    {
        foreach (var happened in events)
        {
            _witness.ExpectMsg(happened, Patience);
        }
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Unmakeable : ReceiveActor
    {
        public Unmakeable() => throw new Boom("in the constructor");
    }

    private sealed class DefaultParent : ReceiveActor
    {
        public DefaultParent() => Receive<Parent.Make>(make => Sender.Tell(Context.ActorOf(make.Props)));
    }

    private sealed class AskingParent : ReceiveActor
    {
        private readonly IActorRef _report;

        public AskingParent(IActorRef report)
        {
            _report = report;
            Receive<Parent.Make>(make => Sender.Tell(Context.ActorOf(make.Props)));
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
        {
            _report.Tell((Sender, failure.Message));
            return Directive.Stop;
        });
    }

    private sealed class FailsInPreStart(IActorRef witness) : UntypedActor
    {
        protected override void PreStart() => throw new Boom("in PreStart");

        protected override void PostStop() => witness.Tell("PostStop");

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class FailsInPostStop : ReceiveActor
    {
        public FailsInPostStop()
        {
            Receive<Exception>(failure => throw failure);
            ReceiveAny(message => Sender.Tell(message));
        }

        protected override void PreRestart(Exception reason, object? message) => throw new Boom("in PreRestart");

        protected override void PostStop() => throw new Boom("in PostStop");
    }

    private sealed class ParentOfSlowChild : ReceiveActor
    {
        private readonly IActorRef _order;

        public ParentOfSlowChild(IActorRef order)
        {
            _order = order;
            Receive<Exception>(failure => throw failure);
        }

        protected override void PreStart()
        {
            _order.Tell("parent starts");
            Context.ActorOf(Props.Create(() => new SlowChild(_order)), "child");
        }

        private sealed class SlowChild(IActorRef order) : UntypedActor
        {
            protected override void PreStart() => order.Tell("child starts");

            protected override void PostStop()
            {
                Thread.Sleep(50);
                order.Tell("child stops");
            }

            protected override void OnReceive(object message) => Unhandled(message);
        }
    }

    private sealed class KeepingParent : ReceiveActor
    {
        private readonly IActorRef _witness;

        public KeepingParent(IActorRef witness)
        {
            _witness = witness;
            Receive<Exception>(failure => throw failure);
        }

        protected override void PreStart() => Context.ActorOf(Props.Create(() => new Child(_witness)), "kept");

        protected override void PreRestart(Exception reason, object? message) => PostStop();

        protected override void PostRestart(Exception reason)
        {
        }
    }

    private sealed class Producer(Func<ActorBase> produce) : IIndirectActorProducer
    {
        public Type ActorType => typeof(Echo);

        public ActorBase Produce() => produce();

        public void Release(ActorBase actor)
        {
        }
    }
}
