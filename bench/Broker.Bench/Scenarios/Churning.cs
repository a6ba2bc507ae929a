using Broker.Bench.Load;
using Broker.Bench.Results;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>Clients that come, subscribe and go.</summary>
internal static class Churning
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(8);

    public static Scenario Scenario { get; } = new(
        "churn",
        "connect, subscribe and close with a closing handshake, 32 at a time",
        [new Comparison("churn", Measure)]);

    private static Measurement Measure(Setup setup)
    {
        var options = setup.Options;
        using var loop = new EventLoop();
        var churn = new Churn(loop, setup.Subscribers(0), setup.Greeting(0));
        void Tick() => setup.Live.Show(churn.Cycles, "websockets");

        churn.Run(options.Warm, options.Subscribers ?? 32, Tick);
        churn.Restart();
        var (before, clock) = (Cpu.Of(setup), Clock.Now);
        churn.Run(options.Duration ?? Duration, options.Subscribers ?? 32, Tick);
        var seconds = (double)(Clock.Now - clock) / Clock.Second;
        var (used, cycles) = (Cpu.Of(setup) - before, churn.Cycles);
        churn.Drain();

        return new Measurement(
            [
                new Figure("cycles/s", cycles / seconds),
                new Figure("server µs/cycle", used.Server * 1e6 / cycles),
                new Figure("redis µs/cycle", used.Redis * 1e6 / cycles, "N1"),
                new Figure("p50 ms", churn.Latencies.Milliseconds(0.5), "N2"),
                new Figure("p99 ms", churn.Latencies.Milliseconds(0.99), "N2"),
                new Figure("generator µs/cycle", used.Generator * 1e6 / cycles),
            ]);
    }
}
