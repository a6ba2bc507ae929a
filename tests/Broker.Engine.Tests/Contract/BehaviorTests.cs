namespace Broker.Engine.Tests.Contract;

public sealed class BehaviorTests : ContractTest
{
    [Fact]
    public void The_first_handler_that_fits_takes_the_message()
    {
        var actor = ActorOf(() => new Sorter(TestActor));

        actor.Tell(7);
        actor.Tell(42);
        actor.Tell("declined");
        actor.Tell("text");
        actor.Tell(1.5);

        ExpectMsg("small 7");
        ExpectMsg("number 42");
        ExpectMsg("any declined");
        ExpectMsg("text text");
        ExpectMsg("any 1.5");
    }

    [Fact]
    public void A_message_that_nobody_takes_is_unhandled()
    {
        var unhandled = CreateTestProbe();
        Sys.EventStream.Subscribe(unhandled.Ref, typeof(UnhandledMessage));
        var actor = ActorOf(() => new Switching(TestActor));

        actor.Tell(12.5, TestActor);

        var message = unhandled.ExpectMsg<UnhandledMessage>(Patience);
        Assert.Equal((12.5, TestActor, actor), ((double)message.Message, message.Sender, message.Recipient));
    }

    [Fact]
    public void Become_replaces_the_handlers()
    {
        var actor = ActorOf(() => new Switching(TestActor));

        actor.Tell("who");
        actor.Tell("become");
        actor.Tell("who");
        actor.Tell("become");
        actor.Tell("who");

        ExpectMsg("first");
        ExpectMsg("second");
        ExpectMsg("second");
    }

    [Fact]
    public void A_stacked_behavior_can_be_taken_back()
    {
        var actor = ActorOf(() => new Switching(TestActor));

        actor.Tell("stack");
        actor.Tell("who");
        actor.Tell("unstack");
        actor.Tell("who");
        actor.Tell("unstack");
        actor.Tell("who");

        ExpectMsg("second");
        ExpectMsg("first");
        ExpectMsg("first");
    }

    [Fact]
    public void A_restart_forgets_what_the_actor_has_become()
    {
        var actor = ActorOf(() => new Switching(TestActor));
        actor.Tell("become");
        actor.Tell("who");
        ExpectMsg("second");

        actor.Tell(new Boom());
        actor.Tell("who");

        ExpectMsg("first", Patience);
    }

    [Fact]
    public void An_UntypedActor_becomes_too()
    {
        var actor = ActorOf(() => new Untyped(TestActor));

        actor.Tell("one");
        actor.Tell("become");
        actor.Tell("two");

        ExpectMsg("one");
        ExpectMsg("became two");
    }

    [Fact]
    public void Nothing_can_be_added_below_a_handler_for_everything()
    {
        var parent = ActorOf(() => new Witness(TestActor));
        parent.Tell(Props.Create(() => new Unreachable()));

        Assert.Contains("Unreachable", ExpectMsg<string>(Patience), StringComparison.Ordinal);
    }

    private sealed class Sorter : ReceiveActor
    {
        public Sorter(IActorRef report)
        {
            Receive<int>(number => number < 10, number => report.Tell($"small {number}"));
            Receive<int>(number => report.Tell($"number {number}"));
            Receive<string>(text =>
            {
                if (text == "declined")
                {
                    return false;
                }

                report.Tell($"text {text}");
                return true;
            });
            ReceiveAny(message => report.Tell(FormattableString.Invariant($"any {message}")));
        }
    }

    private sealed class Switching : ReceiveActor
    {
        private readonly IActorRef _report;

        public Switching(IActorRef report)
        {
            _report = report;
            Receive<string>(message => message == "who", _ => report.Tell("first"));
            Common();
        }

        private void Second()
        {
            Receive<string>(message => message == "who", _ => _report.Tell("second"));
            Common();
        }

        private void Common()
        {
            Receive<string>(message => message == "become", _ => Become(Second));
            Receive<string>(message => message == "stack", _ => BecomeStacked(Second));
            Receive<string>(message => message == "unstack", _ => UnbecomeStacked());
            Receive<Exception>(failure => throw failure);
        }
    }

    private sealed class Untyped(IActorRef report) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is "become")
            {
                Become(other => report.Tell($"became {other}"));
            }
            else
            {
                report.Tell(message);
            }
        }
    }

    private sealed class Unreachable : ReceiveActor
    {
        public Unreachable()
        {
            ReceiveAny(_ => { });
            Receive<int>(_ => { });
        }
    }

    private sealed class Witness : ReceiveActor
    {
        private readonly IActorRef _report;

        public Witness(IActorRef report)
        {
            _report = report;
            Receive<Props>(props => Context.ActorOf(props, "Unreachable"));
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ =>
        {
            _report.Tell($"failed: {Sender.Path.Name}");
            return Directive.Stop;
        });
    }
}
