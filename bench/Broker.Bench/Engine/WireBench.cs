using Broker.Actors.Channels;

namespace Broker.Bench.Engine;

/// <summary>What it costs to make bytes of publications for another node, and publications of bytes. The payloads are 128 bytes long, the names of a usual length.</summary>
internal static class WireBench
{
    private const int PayloadLength = 128;

    public static Task<Figure> Size(ActorSystem system, int items)
    {
        var payloads = items * PayloadLength;
        return Task.FromResult(new Figure(SerializerOf(system).ToBinary(Publications(items)).Length - payloads, "bytes"));
    }

    public static Task<Figure> Write(ActorSystem system, int items)
    {
        var (serializer, message) = (SerializerOf(system), Publications(items));
        return Measure(items, () => serializer.ToBinary(message));
    }

    public static Task<Figure> Read(ActorSystem system, int items)
    {
        var serializer = SerializerOf(system);
        var bytes = serializer.ToBinary(Publications(items));
        return Measure(items, () => serializer.FromBinary(bytes, "P"));
    }

    private static Task<Figure> Measure(int items, Func<object> once)
    {
        var rounds = 2_000_000 / (items + 9);
        var clock = new Clock();
        for (var i = 0; i < rounds; i++)
        {
            once();
        }

        return Task.FromResult(clock.Rate(rounds));
    }

    private static Actors.Channels.Wire.ChannelSerializer SerializerOf(ActorSystem system) => new((ExtendedActorSystem)system);

    private static Publications Publications(int items)
    {
        var channel = ChannelName.Group("moderators", "chat-of-the-day");
        return new Publications(
        [
            .. Enumerable.Range(100_000, items).Select(i => new Publication(
                channel, new StreamPosition("0123456789ab", i), new byte[PayloadLength], Guid.NewGuid().ToString("N"), "0123456789abcdef")),
        ]);
    }
}
