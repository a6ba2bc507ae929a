using System.Collections.Concurrent;
using System.Diagnostics;

namespace Broker.Engine.Tests.Contract;

public sealed class CoordinatedShutdownTests : ContractTest
{
    private static readonly string[] InOrder =
    [
        CoordinatedShutdown.PhaseBeforeServiceUnbind,
        CoordinatedShutdown.PhaseServiceUnbind,
        CoordinatedShutdown.PhaseServiceRequestsDone,
        CoordinatedShutdown.PhaseServiceStop,
        CoordinatedShutdown.PhaseBeforeClusterShutdown,
        CoordinatedShutdown.PhaseClusterShardingShutdownRegion,
        CoordinatedShutdown.PhaseClusterLeave,
        CoordinatedShutdown.PhaseClusterExiting,
        CoordinatedShutdown.PhaseClusterExitingDone,
        CoordinatedShutdown.PhaseClusterShutdown,
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate,
    ];

    private readonly ConcurrentQueue<string> _done = new();

    public CoordinatedShutdownTests()
        : base(
            """
            akka.coordinated-shutdown.phases {
              service-unbind.timeout = 200ms
              service-stop { timeout = 200ms, recover = off }
              my-phase { depends-on = [service-unbind] }
              service-requests-done.depends-on = [service-unbind, my-phase]
            }
            """)
    {
    }

    private CoordinatedShutdown Phases => CoordinatedShutdown.Get(Sys);

    [Fact]
    public async Task Phases_run_in_their_order_and_the_last_ends_the_system()
    {
        foreach (var phase in InOrder.Reverse())
        {
            Phases.AddTask(phase, "note", Note(phase));
        }

        await Run();

        Assert.Equal(InOrder, _done);
        await Sys.WhenTerminated.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_phase_of_ones_own_runs_where_its_dependencies_put_it()
    {
        Phases.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "note", Note("after"));
        Phases.AddTask("my-phase", "note", Note("mine"));
        Phases.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "note", Note("before"));

        await Run();

        Assert.Equal(["before", "mine", "after"], _done);
    }

    [Fact]
    public async Task Tasks_of_one_phase_run_at_once()
    {
        using var both = new Barrier(2);
        for (var i = 0; i < 2; i++)
        {
            Phases.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, $"task {i}", () => Task.Run(() =>
            {
                Assert.True(both.SignalAndWait(Patience));
                _done.Enqueue("met");
                return Done.Instance;
            }));
        }

        await Run();

        Assert.Equal(["met", "met"], _done);
    }

    [Fact]
    public async Task A_phase_that_fails_or_takes_too_long_is_passed_over()
    {
        Phases.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "fails", () => Task.FromException<Done>(new Boom()));
        Phases.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "hangs", () => new TaskCompletionSource<Done>().Task);
        Phases.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "note", Note("reached"));
        var start = Stopwatch.GetTimestamp();

        await Run();

        Assert.Equal(["reached"], _done);
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(190));
    }

    [Fact]
    public async Task A_phase_without_recovery_ends_the_shutdown_when_it_takes_too_long()
    {
        // Not the test's own system: it will never end.
        var system = ActorSystem.Create("unending", Sys.Settings.Config);
        var phases = CoordinatedShutdown.Get(system);
        phases.AddTask(CoordinatedShutdown.PhaseServiceStop, "hangs", () => new TaskCompletionSource<Done>().Task);
        phases.AddTask(CoordinatedShutdown.PhaseBeforeClusterShutdown, "note", Note("not reached"));

        var run = phases.Run(new Because());
        await Assert.ThrowsAnyAsync<Exception>(() => run.WaitAsync(Patience));

        Assert.True(run.IsFaulted);
        Assert.Empty(_done);
        Assert.False(system.WhenTerminated.IsCompleted);
    }

    [Fact]
    public async Task It_runs_once_however_often_it_is_asked_for()
    {
        Phases.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "note", Note("once"));
        var reason = new Because();

        await Task.WhenAll(Phases.Run(reason), Phases.Run(new Because()), Sys.Terminate()).WaitAsync(Patience);

        Assert.Equal(["once"], _done);
        Assert.Same(reason, Phases.ShutdownReason);
    }

    [Fact]
    public async Task It_can_begin_at_a_later_phase()
    {
        Phases.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "note", Note("skipped"));
        Phases.AddTask(CoordinatedShutdown.PhaseClusterLeave, "note", Note("run"));

        await Phases.Run(new Because(), CoordinatedShutdown.PhaseBeforeClusterShutdown).WaitAsync(Patience);

        Assert.Equal(["run"], _done);
    }

    [Fact]
    public async Task A_task_can_be_added_to_a_phase_that_is_still_to_come()
    {
        Phases.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "adds", () =>
        {
            Phases.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "note", Note("added"));
            return Task.FromResult(Done.Instance);
        });

        await Run();

        Assert.Equal(["added"], _done);
    }

    [Fact]
    public async Task Terminating_the_system_runs_it()
    {
        Phases.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "note", Note("run"));

        await Sys.Terminate().WaitAsync(Patience);

        Assert.Equal(["run"], _done);
    }

    [Fact]
    public async Task Actors_still_live_in_every_phase_but_the_last()
    {
        var actor = ActorOf(Doing((context, message) => context.Sender.Tell(message, context.Self)));
        Phases.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "asks", async () =>
        {
            _done.Enqueue(await actor.Ask<string>("alive", Patience));
            return Done.Instance;
        });

        await Run();

        Assert.Equal(["alive"], _done);
    }

    [Fact]
    public void A_phase_that_is_not_configured_is_refused()
    {
        Assert.ThrowsAny<AkkaException>(() => Phases.AddTask("no such phase", "task", Note("never")));
        Assert.Equal(TimeSpan.FromMilliseconds(200), Phases.Timeout(CoordinatedShutdown.PhaseServiceUnbind));
    }

    private Task<Done> Run() => Phases.Run(new Because()).WaitAsync(Patience);

    private Func<Task<Done>> Note(string what) => () =>
    {
        _done.Enqueue(what);
        return Task.FromResult(Done.Instance);
    };

    private sealed class Because : CoordinatedShutdown.Reason;
}
