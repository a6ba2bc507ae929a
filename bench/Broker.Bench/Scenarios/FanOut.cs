using Broker.Bench.Load;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>One channel, many subscribers, as much as they can take.</summary>
internal static class FanOut
{
    public static Scenario Scenario { get; } = new(
        "fanout",
        "1,000 subscribers of one channel, Redis PUBLISH with 64 under way",
        [new Comparison("fan-out", Measure) { Ours = [Peer.Broker, Peer.BrokerWithoutEcho, Peer.BrokerRich] }]);

    private static Results.Measurement Measure(Setup setup)
    {
        var options = setup.Options;
        var got = new Deliveries(options.Subscribers ?? 1000, options.Channels ?? 1, Pace.Of(options.Window ?? 64)).Measure(setup);
        return got.As(got.Rate, got.ServerEach, got.RedisPublication, got.P50, got.P99, got.PerRead, got.GeneratorEach);
    }
}
