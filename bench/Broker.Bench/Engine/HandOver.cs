using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Relays;
using Broker.Host.WebSockets;

namespace Broker.Bench.Engine;

/// <summary>
/// Ways from a relay's turn to the outboxes of its connections: past the connections' actors, as Broker does it, or through them. The transports take everything at once; what is
/// counted is deliveries.
/// </summary>
internal static class HandOver
{
    private const int Connections = 1_000;

    private const int Deliveries = 6_000_000;

    /// <summary>The relay offers to the outboxes itself.</summary>
    public static Task<Figure> Direct(ActorSystem system, int publications)
    {
        var outboxes = Enumerable.Range(0, Connections).Select(_ => Open(new Countdown(0))).ToArray();
        return Measure(publications, (encoded, _) =>
        {
            foreach (var outbox in outboxes) outbox.Offer(0, encoded.Slice(0, publications));
        });
    }

    /// <summary>One message to each connection's actor for all that the turn holds.</summary>
    public static Task<Figure> TellBatch(ActorSystem system, int publications)
    {
        var taken = new Countdown(0);
        var actors = Actors(system, taken);
        return Measure(publications, (encoded, rounds) =>
        {
            var slice = new Handed(encoded.Slice(0, publications));
            foreach (var actor in actors) actor.Tell(slice, ActorRefs.NoSender);
            Keep(taken, rounds * Connections);
        });
    }

    /// <summary>One message to each connection's actor for each publication.</summary>
    public static Task<Figure> TellEach(ActorSystem system, int publications)
    {
        var taken = new Countdown(0);
        var actors = Actors(system, taken);
        return Measure(publications, (encoded, rounds) =>
        {
            for (var i = 0; i < publications; i++)
            {
                var slice = new Handed(encoded.Slice(i, 1));
                foreach (var actor in actors) actor.Tell(slice, ActorRefs.NoSender);
            }

            Keep(taken, rounds * Connections * publications);
        });
    }

    private static Task<Figure> Measure(int publications, Action<EncodedBatch, long> turn)
    {
        var batch = Enumerable.Range(1, publications).Select(i => new Publication(ChannelName.Broadcast("news"), new StreamPosition("epoch", i), new byte[128])).ToArray();
        var rounds = Deliveries / Connections / publications;
        var clock = new Clock();
        for (var round = 1; round <= rounds; round++) turn(EncodedBatch.Of(batch, RawWireFormat.Instance), round);

        return Task.FromResult(clock.Rate((long)rounds * Connections * publications));
    }

    /// <summary>A relay's turn is over when all have what it had; the actors then do not run ahead of what is measured.</summary>
    private static void Keep(Countdown taken, long expected)
    {
        while (taken.Reached < expected) Thread.Yield();
    }

    private static IActorRef[] Actors(ActorSystem system, Countdown taken) =>
        [.. Enumerable.Range(0, Connections).Select(_ => system.ActorOf(Props.Create(() => new Taker(Open(taken)))))];

    private static Outbox Open(Countdown taken)
    {
        var outbox = new Outbox(new PlainQueue(int.MaxValue, 1), (_, _) => { });
        outbox.Joined(0);
        outbox.Attach(new Transport(taken));
        return outbox;
    }

    private sealed record Handed(FrameSlice Frames);

    private sealed class Taker : ReceiveActor
    {
        public Taker(Outbox outbox) => Receive<Handed>(handed => outbox.Offer(0, handed.Frames));
    }

    private sealed class Transport(Countdown taken) : IClientTransport
    {
        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            for (var i = 0; i < frames.Count; i++) taken.Count();
            return default;
        }

        public void Close(CloseReason reason)
        {
        }
    }
}
