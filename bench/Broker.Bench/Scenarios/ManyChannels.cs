using Broker.Bench.Load;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>Many channels with one subscriber each: what a publication costs when there is nobody to share it with.</summary>
internal static class ManyChannels
{
    public static Scenario Scenario { get; } = new(
        "channels",
        "1,000 channels of one subscriber each: 5,000 publications a second, and as many as 64 under way allow",
        [new Comparison("many channels, fixed rate", AtRate) { Ours = Ways }, new Comparison("many channels, as fast as the window allows", AtFull) { Ours = Ways }]);

    private static Peer[] Ways => [Peer.Broker, Peer.BrokerRich];

    private static Results.Measurement AtRate(Setup setup)
    {
        var got = Channels(setup, Pace.Fixed(setup.Options.Rate ?? 5000)).Measure(setup);
        return got.As(got.ServerPublication, got.P50, got.P99, got.PublicationRate, got.RedisPublication, got.GeneratorEach);
    }

    private static Results.Measurement AtFull(Setup setup)
    {
        var got = Channels(setup, Pace.Of(setup.Options.Window ?? 64)).Measure(setup);
        return got.As(got.PublicationRate, got.ServerPublication, got.P50, got.P99, got.RedisPublication, got.GeneratorEach);
    }

    private static Deliveries Channels(Setup setup, Pace pace)
    {
        var channels = setup.Options.Channels ?? 1000;
        return new Deliveries(setup.Options.Subscribers ?? channels, channels, pace);
    }
}
