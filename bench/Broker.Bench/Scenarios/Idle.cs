using Broker.Bench.Load;
using Broker.Bench.Results;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>What a websocket takes that only waits, and what opening it took.</summary>
internal static class Idle
{
    private static readonly TimeSpan Waits = TimeSpan.FromSeconds(5);

    public static Scenario Scenario { get; } = new(
        "idle",
        "15,000 websockets, each subscribed to one of 50 channels: resident bytes of each",
        [new Comparison("idle", Measure)]);

    private static Measurement Measure(Setup setup)
    {
        if (setup.ServerPid is not { } pid) throw new BenchException("memory is the process's: --pid says which");

        var options = setup.Options;
        var count = options.Subscribers ?? 15_000;
        using var loop = new EventLoop();
        var crowd = new Crowd(loop);

        var (before, cpu, clock) = (ProcessUse.Resident(pid), Cpu.Of(setup), Clock.Now);
        crowd.OpenAll(count, options.Channels ?? 50, setup.Subscribers, setup.Greeting, 1, () => setup.Live.Show(crowd.Open, "websockets"));
        var seconds = (double)(Clock.Now - clock) / Clock.Second;
        var used = Cpu.Of(setup) - cpu;
        loop.TurnFor(options.Duration ?? Waits);
        var resident = ProcessUse.Resident(pid);

        return new Measurement(
            [
                new Figure("resident bytes/websocket", (double)(resident - before) / count),
                new Figure("resident MiB before", before / 1048576.0, "N1"),
                new Figure("after", resident / 1048576.0, "N1"),
                new Figure("opened/s", count / seconds),
                new Figure("server µs/opening", used.Server * 1e6 / count),
            ],
            crowd.Failed.Why ?? "");
    }
}
