namespace Broker.Engine.Tests.Contract;

public sealed class TimerTests : ContractTest
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    [Fact]
    public void A_single_timer_rings_once()
    {
        var actor = Timed();

        actor.Tell(Start("key", "ring", Soon));

        ExpectMsg("ring", Patience);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_periodic_timer_rings_until_it_is_cancelled()
    {
        var actor = Timed();
        actor.Tell(Do(timers => timers.StartPeriodicTimer("key", "ring", Soon)));
        ExpectMsg("ring", Patience);
        ExpectMsg("ring", Patience);
        ExpectMsg("ring", Patience);

        actor.Tell(Do(timers => timers.Cancel("key")));
        actor.Tell("cancelled");

        FishForMessage<string>(message => message == "cancelled");
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_timer_set_anew_replaces_the_one_before()
    {
        var actor = Timed();

        actor.Tell(Do(timers =>
        {
            timers.StartSingleTimer("key", "old", Soon);
            timers.StartSingleTimer("key", "new", Soon);
        }));

        ExpectMsg("new", Patience);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_timer_cancelled_while_its_message_is_in_the_mailbox_does_not_arrive()
    {
        var actor = Timed();

        actor.Tell(Do(timers => timers.StartSingleTimer("key", "stale", Soon)));
        actor.Tell(Do(timers =>
        {
            // Its message comes in behind this one.
            Thread.Sleep(Soon * 5);
            timers.Cancel("key");
        }));
        actor.Tell("cancelled");

        ExpectMsg("cancelled", Patience);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_timer_set_anew_while_the_old_ones_message_is_in_the_mailbox_arrives_once_and_new()
    {
        var actor = Timed();

        actor.Tell(Do(timers => timers.StartSingleTimer("key", "old", Soon)));
        actor.Tell(Do(timers =>
        {
            Thread.Sleep(Soon * 5);
            timers.StartSingleTimer("key", "new", Soon);
        }));

        ExpectMsg("new", Patience);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void Timers_end_with_a_restart()
    {
        var actor = Timed();
        actor.Tell(Do(timers => timers.StartPeriodicTimer("key", "of the old instance", Soon)));
        ExpectMsg("of the old instance", Patience);

        actor.Tell(new Boom());
        actor.Tell("restarted");

        FishForMessage<string>(message => message == "restarted", Patience);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void Timers_end_with_the_actor()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(AllDeadLetters));
        var actor = Timed();
        actor.Tell(Do(timers => timers.StartPeriodicTimer("key", "ring", Soon)));
        ExpectMsg("ring", Patience);
        Watch(actor);

        Sys.Stop(actor);

        FishForMessage<Terminated>(_ => true, Patience);
        letters.ExpectNoMsg(Quiet);
    }

    [Fact]
    public void An_actor_can_see_which_of_its_timers_are_active()
    {
        var actor = Timed();

        actor.Tell(Start("key", "ring", Never));
        actor.Tell(Do(timers => TestActor.Tell((timers.IsTimerActive("key"), timers.IsTimerActive("other")))));
        actor.Tell(Do(timers => timers.CancelAll()));
        actor.Tell(Do(timers => TestActor.Tell((timers.IsTimerActive("key"), timers.IsTimerActive("other")))));

        ExpectMsg((true, false), Patience);
        ExpectMsg((false, false));
    }

    [Fact]
    public void Timers_are_there_in_PreStart()
    {
        ActorOf(() => new StartsInPreStart(TestActor));

        ExpectMsg("from PreStart", Patience);
    }

    private IActorRef Timed() => ActorOf(() => new TimedActor(TestActor));

    private static Action<ITimerScheduler> Do(Action<ITimerScheduler> action) => action;

    private static Action<ITimerScheduler> Start(string key, string message, TimeSpan delay) =>
        timers => timers.StartSingleTimer(key, message, delay);

    private sealed class TimedActor : ReceiveActor, IWithTimers
    {
        public TimedActor(IActorRef report)
        {
            Receive<Action<ITimerScheduler>>(action => action(Timers));
            Receive<Exception>(failure => throw failure);
            ReceiveAny(message => report.Tell(message));
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }

    private sealed class StartsInPreStart : ReceiveActor, IWithTimers
    {
        public StartsInPreStart(IActorRef report) => ReceiveAny(message => report.Tell(message));

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => Timers.StartSingleTimer("key", "from PreStart", Soon);
    }
}
