using System.Buffers;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Relays;

namespace Broker.Actors.Tests.Relays;

/// <summary>What connections get through one shared slot per relay, against the plain definition: a slot for each connection.</summary>
public sealed class EchoFilterProperties
{
    [Fact]
    public void Every_connection_gets_what_a_slot_of_its_own_would_let_through() => Interleavings.Check(20_000, 60, Run);

    private static void Run(Choices choices)
    {
        var clients = new List<Client>();
        ReadOnlyMemory<byte>? slot = null;
        while (!choices.AreOver)
        {
            if (choices.Once(4)) clients.Add(Join(choices, $"c{clients.Count}"));

            var batch = Batch(choices, clients.Count);
            var dispatch = new Dispatch(new RelayBatch(batch), slot);
            foreach (var client in clients) client.Take(dispatch, batch);
            slot = EchoFilter.SlotAfter(batch, slot);
        }

        foreach (var client in clients) Assert.Equal(client.Expected, client.Received);
    }

    private static Client Join(Choices choices, string origin)
    {
        var client = new Client(origin, echo: choices.Once(4));
        if (choices.Once(2)) client.Replay(Payload(choices));
        choices.Step($"{origin} joins{(client.Echo ? " with echo" : "")}: {client.Received}");
        return client;
    }

    private static Publication[] Batch(Choices choices, int clients)
    {
        var batch = new Publication[1 + choices.Next(4)];
        for (var i = 0; i < batch.Length; i++)
        {
            var origin = clients > 0 && choices.Once(2) ? $"c{choices.Next(clients)}" : null;
            batch[i] = new Publication(ChannelName.Broadcast("x"), default, Encoding.UTF8.GetBytes(Payload(choices)), null, origin);
        }

        choices.Step($"batch: {string.Join(' ', batch.Select(one => $"'{Encoding.UTF8.GetString(one.Payload.Span)}' of {one.Origin ?? "somebody"}"))}");
        return batch;
    }

    private static string Payload(Choices choices) => new[] { "a", "b", "" }[choices.Next(3)];

    /// <summary>A connection as the broker serves it, beside what the definition says it gets.</summary>
    private sealed class Client
    {
        private readonly string _origin;
        private readonly WireSubscriber _subscriber;
        private readonly Wire _wire = new();
        private string? _slot;

        public Client(string origin, bool echo)
        {
            (_origin, Echo) = (origin, echo);
            var outbox = new Outbox(new PlainQueue(1 << 20, 1), (_, _) => { });
            outbox.Attach(_wire);
            _subscriber = new WireSubscriber(ActorRefs.Nobody, origin, JoinMode.LastValue, default, ChannelName.Broadcast("x"), outbox, 0, PlainFormat.Instance, echo);
        }

        public bool Echo { get; }

        public string Expected { get; private set; } = "";

        public string Received => _wire.Text;

        public void Replay(string payload)
        {
            if (payload.Length == 0) return;

            _subscriber.Replay(Encoding.UTF8.GetBytes(payload), null);
            Expected += payload;
            _slot = payload;
        }

        public void Take(Dispatch dispatch, IReadOnlyList<Publication> batch)
        {
            _subscriber.Deliver(dispatch);
            foreach (var publication in batch)
            {
                var payload = Encoding.UTF8.GetString(publication.Payload.Span);
                if (payload.Length == 0) continue;
                if (Echo || (publication.Origin != _origin && payload != _slot)) Expected += payload;
                _slot = payload;
            }
        }
    }

    private sealed class Wire : IClientTransport
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            foreach (var frame in frames) _text.Append(Encoding.UTF8.GetString(frame.Span));
            return default;
        }

        public void Close(CloseReason reason)
        {
        }
    }

    private sealed class PlainFormat : IWireFormat
    {
        public static readonly PlainFormat Instance = new();

        public void Encode(Publication publication, IBufferWriter<byte> output) => output.Write(publication.Payload.Span);
    }
}
