using Broker.Bench.Load;
using Broker.Bench.Results;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>One reader that stops: what the others notice, and what becomes of it.</summary>
internal static class SlowReader
{
    /// <summary>Linux takes some 3 MB for a reader that does not read, before the server has anything to keep for it.</summary>
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(25);

    /// <summary>Measured without a result: otherwise what comes first would pay for the compiler.</summary>
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);

    public static Scenario Scenario { get; } = new(
        "slow",
        "200 subscribers, 200 publications of 1 KB a second, without and with one reader more that has stopped reading",
        [new Comparison("slow reader", Measure) { Ours = [Peer.Broker, Peer.BrokerConflating] }]);

    private static Measurement Measure(Setup setup)
    {
        var options = setup.Options;
        var deliveries = new Deliveries(options.Subscribers ?? 200, 1, Pace.Fixed(options.Rate ?? 200)) { Payload = 1024, Duration = Duration };
        deliveries.Measure(setup, First);
        var alone = deliveries.Measure(setup);
        var resident = setup.ServerPid is { } pid ? ProcessUse.Resident(pid) : 0;
        using var stopped = new StoppedReader(setup.Subscribers(0), setup.Greeting(0));
        var beside = deliveries.Measure(setup);
        var grown = setup.ServerPid is { } same ? ProcessUse.Resident(same) - resident : 0;

        return new Measurement(
            [
                new Figure("p99 with it : without it", beside.P99.Value / alone.P99.Value, "N2"),
                new Figure("p99 ms without", alone.P99.Value, "N2"),
                new Figure("p99 ms with", beside.P99.Value, "N2"),
                new Figure("p50 ms without", alone.P50.Value, "N2"),
                new Figure("p50 ms with", beside.P50.Value, "N2"),
                new Figure("grown MiB", grown / 1048576.0, "N1"),
            ],
            string.Join("; ", new[] { alone.Wrong, beside.Wrong }.Where(wrong => wrong.Length > 0)),
            "the stopped reader: " + stopped.Look(beside.PublishedInAll));
    }
}
