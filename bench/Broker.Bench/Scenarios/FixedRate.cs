using Broker.Bench.Load;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>What a server takes at a load that leaves it time, and how late its last subscribers are.</summary>
internal static class FixedRate
{
    public static Scenario Scenario { get; } = new(
        "rate",
        "20 publications a second to 1,000 subscribers: CPU per delivery, latency",
        [new Comparison("fixed rate", Measure)]);

    private static Results.Measurement Measure(Setup setup)
    {
        var options = setup.Options;
        var got = new Deliveries(options.Subscribers ?? 1000, options.Channels ?? 1, Pace.Fixed(options.Rate ?? 20)).Measure(setup);
        return got.As(got.ServerEach, got.P50, got.P99, got.Rate, got.PerRead, got.GeneratorEach);
    }
}
