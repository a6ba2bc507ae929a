using System.Diagnostics;

namespace Broker.Engine.Tests.Builtin;

public sealed class DispatcherTests : Contract.ContractTest
{
    private const string Here = "here";

    public DispatcherTests()
        : base(
            """
            here { type = CallerRuns, throughput = 10 }
            strange { type = Strange }
            idle { throughput = 0 }
            """)
    {
    }

    [Fact]
    public void A_caller_runs_actor_runs_on_the_telling_thread_before_Tell_returns()
    {
        var thread = 0;
        var actor = ActorOf(Do(_ => thread = Environment.CurrentManagedThreadId).WithDispatcher(Here));

        actor.Tell("run", ActorRefs.NoSender);

        Assert.Equal(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public void What_a_caller_runs_actor_tells_another_runs_after_its_turn_on_the_same_thread_while_there_is_time()
    {
        var sameThread = 0;
        for (var i = 0; i < 100; i++)
        {
            var firstEnded = false;
            var second = ActorOf(Do(_ =>
            {
                Assert.True(firstEnded);
                TestActor.Tell(Environment.CurrentManagedThreadId);
            }).WithDispatcher(Here));
            var first = ActorOf(Do(_ =>
            {
                second.Tell("run");
                firstEnded = true;
            }).WithDispatcher(Here));

            first.Tell("run", ActorRefs.NoSender);

            sameThread += ExpectMsg<int>(Patience) == Environment.CurrentManagedThreadId ? 1 : 0;
        }

        Assert.InRange(sameThread, 50, 100);
    }

    [Fact]
    public void A_thread_that_once_gave_away_what_waited_too_long_runs_the_next_ones_itself()
    {
        // Happened: since when it was crowded stayed written down after the run, and from then on it gave away all that its actors told, at once.
        // A publication cost twice the processor time for as long as the node lived.
        var late = ActorOf(Do(_ => TestActor.Tell("late")).WithDispatcher(Here));
        var slow = ActorOf(Do(_ =>
        {
            for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalMilliseconds < 1;) Thread.SpinWait(10);
        }).WithDispatcher(Here));
        var crowd = ActorOf(Do(_ =>
        {
            slow.Tell("run");
            late.Tell("run");
        }).WithDispatcher(Here));
        var second = ActorOf(Do(_ => TestActor.Tell(Environment.CurrentManagedThreadId)).WithDispatcher(Here));
        var first = ActorOf(Do(_ => second.Tell("run")).WithDispatcher(Here));

        crowd.Tell("run", ActorRefs.NoSender);
        ExpectMsg("late", Patience);

        var sameThread = 0;
        for (var i = 0; i < 100; i++)
        {
            first.Tell("run", ActorRefs.NoSender);
            sameThread += ExpectMsg<int>(Patience) == Environment.CurrentManagedThreadId ? 1 : 0;
        }

        Assert.InRange(sameThread, 50, 100);
    }

    [Fact]
    public void A_caller_runs_actor_is_never_run_by_two_threads_at_once()
    {
        const int threads = 4, each = 20_000;
        var inside = 0;
        var count = 0;
        var overlaps = 0;
        var actor = ActorOf(Do(_ =>
        {
            overlaps += ++inside - 1;
            count++;
            inside--;
        }).WithDispatcher(Here));

        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            for (var i = 0; i < each; i++)
            {
                actor.Tell("run", ActorRefs.NoSender);
            }
        });

        AwaitCondition(() => Volatile.Read(ref count) == threads * each, Patience);
        Assert.Equal(0, overlaps);
    }

    [Fact]
    public void A_lent_thread_is_given_back_although_its_actors_never_run_out_of_work()
    {
        var rounds = 0;
        var actor = ActorOf(Do(context =>
        {
            Interlocked.Increment(ref rounds);
            context.Self.Tell("again");
        }).WithDispatcher(Here));

        actor.Tell("begin", ActorRefs.NoSender);

        // Tell has returned, and the actor goes on without this thread.
        var then = Volatile.Read(ref rounds);
        AwaitCondition(() => Volatile.Read(ref rounds) > then + 10_000, Patience);
    }

    [Fact]
    public void What_an_actor_tells_runs_on_its_thread_after_it()
    {
        using var done = new ManualResetEventSlim();
        var threads = new int[2];
        var second = ActorOf(Do(_ =>
        {
            threads[1] = Environment.CurrentManagedThreadId;
            done.Set();
        }));
        var first = ActorOf(Do(_ =>
        {
            threads[0] = Environment.CurrentManagedThreadId;
            second.Tell("run");
        }));

        // Both have been made before, so that nothing but these two turns is to be done.
        second.Tell("run");
        Assert.True(done.Wait(Patience));
        done.Reset();
        first.Tell("run");

        Assert.True(done.Wait(Patience));
        Assert.Equal(threads[0], threads[1]);
    }

    [Fact]
    public void Those_that_an_actor_told_go_elsewhere_when_its_turn_does_not_end()
    {
        using var all = new CountdownEvent(50);
        var told = Enumerable.Range(0, 50).Select(_ => ActorOf(Do(_ => all.Signal()))).ToArray();
        var blocked = ActorOf(Do(_ =>
        {
            foreach (var other in told)
            {
                other.Tell("run");
            }

            Assert.True(all.Wait(Patience));
            TestActor.Tell("they ran meanwhile");
        }));

        blocked.Tell("run");

        ExpectMsg("they ran meanwhile", Patience);
    }

    [Fact]
    public void Busy_actors_run_in_parallel()
    {
        // Two that must meet: on one thread they never would.
        using var meeting = new Barrier(2);
        var pair = Enumerable.Range(0, 2).Select(_ => ActorOf(Do(_ =>
        {
            if (meeting.SignalAndWait(Patience))
            {
                TestActor.Tell("met");
            }
        }))).ToArray();
        var starter = ActorOf(Do(_ =>
        {
            pair[0].Tell("run");
            pair[1].Tell("run");
        }));

        starter.Tell("run");

        ExpectMsg("met", Patience);
        ExpectMsg("met", Patience);
    }

    [Theory]
    [InlineData("strange", "Strange")]
    [InlineData("idle", "throughput")]
    [InlineData("missing", "missing")]
    public void A_dispatcher_that_is_configured_wrong_is_refused_when_it_is_named(string id, string says)
    {
        var error = Assert.ThrowsAny<AkkaException>(() => ActorOf(Do(_ => { }).WithDispatcher(id)));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static Props Do(Action<IActorContext> handle) => Props.Create(() => new Doer(handle));

    private sealed class Doer : ReceiveActor
    {
        public Doer(Action<IActorContext> handle) => ReceiveAny(_ => handle(Context));
    }
}
