using Broker.Bench.Load;
using Broker.Bench.Results;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>Publications that come in by a websocket, or from code of the process that Broker is in.</summary>
internal static class Publishing
{
    private const int Publishers = 100;

    /// <summary>Ten of each: batches are what history is cheap with.</summary>
    private const int UnderWay = 1000;

    public static Scenario Scenario { get; } = new(
        "publish",
        "1,000 subscribers of one channel, published through one websocket and by code in the process; 100 websockets that publish to a channel with history",
        [
            new Comparison("published through one websocket", FanOut) { Ours = [Peer.Broker, Peer.Application] },
            new Comparison("100 websockets publish to one channel with history (100 publications, 5 min)", WithHistory)
            {
                HasOthers = false,
                Configuration = "broker.history { \"bench-*\" { size = 100, ttl = 5m } }",
            },
        ]);

    private static Measurement FanOut(Setup setup)
    {
        var options = setup.Options;
        var got = new Deliveries(options.Subscribers ?? 1000, 1, Pace.Of(options.Window ?? 64)) { SocketsPerChannel = 1 }.Measure(setup);
        return got.As(got.Rate, got.ServerEach, got.ServerPublication, got.RedisPublication, got.P50, got.P99, got.GeneratorEach);
    }

    private static Measurement WithHistory(Setup setup)
    {
        var got = new Deliveries(1, 1, Pace.Of(setup.Options.Window ?? UnderWay)) { SocketsPerChannel = Publishers }.Measure(setup);
        return got.As(got.PublicationRate, got.ServerPublication, got.RedisPublication, got.P50, got.P99);
    }
}
