using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Relays;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Relays;

/// <summary>A relay with so many subscribers that two threads write their outboxes.</summary>
public sealed class ManySubscribersTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Fact]
    public async Task Each_gets_everything_once_and_in_order()
    {
        const int clients = 3000, publications = 300;
        var transports = Enumerable.Range(0, clients).Select(number => new Lines { CompletesLate = number % 7 == 0 }).ToArray();
        var subscribers = Subscribed(transports, LineFormat.Instance);

        var delivered = 0L;
        for (var number = 0; number < publications; number++) delivered += subscribers.Deliver(Publication($"{number}"));

        Assert.Equal((long)clients * publications, delivered);
        var expected = string.Concat(Enumerable.Range(0, publications).Select(number => $"{number}\n"));
        foreach (var transport in transports) await TestNode.UntilAsync(() => transport.Text.Length >= expected.Length, "all of it");
        Assert.All(transports, transport => Assert.Equal(expected, transport.Text));
    }

    [Fact]
    public void While_one_is_written_another_thread_writes_the_others()
    {
        // One thread wrote to all, one after the other: with a thousand, the last had theirs later than from a plain loop over Kestrel, whose sends go out from two.
        using var others = new CountdownEvent(299);
        var waited = false;
        var transports = Enumerable.Range(0, 300).Select(number => new Lines { OnWrite = () => others.Signal() }).ToArray();
        transports[7].OnWrite = () => waited = others.Wait(TestNode.Soon);
        var subscribers = Subscribed(transports, LineFormat.Instance);

        subscribers.Deliver(Publication("x"));

        others.Wait(TestNode.Soon);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref waited), TestNode.Soon));
    }

    [Fact]
    public async Task When_one_cannot_be_encoded_for_those_before_it_have_theirs_and_go_on_getting()
    {
        var transports = Enumerable.Range(0, 300).Select(_ => new Lines()).ToArray();
        var subscribers = Subscribed(transports, LineFormat.Instance);
        var fails = new LineFormat();
        subscribers.Add(Subscriber(new Lines(), fails));
        fails.ThrowOnce();

        Assert.Throws<InvalidOperationException>(() => subscribers.Deliver(Publication("a")));
        subscribers.Deliver(Publication("b"));

        foreach (var transport in transports) await TestNode.UntilAsync(() => transport.Text == "a\nb\n", "both");
    }

    private static Dispatch Publication(string payload) => new(new RelayBatch([new Publication(News, default, Encoding.UTF8.GetBytes(payload))]), null);

    private static LocalSubscribers Subscribed(IEnumerable<Lines> transports, IWireFormat format)
    {
        var subscribers = new LocalSubscribers();
        foreach (var transport in transports) subscribers.Add(Subscriber(transport, format));
        return subscribers;
    }

    private static WireSubscriber Subscriber(IClientTransport transport, IWireFormat format)
    {
        var outbox = new Outbox(new PlainQueue(1 << 20, 1), (_, _) => { });
        outbox.Attach(transport);
        var subscriber = new WireSubscriber(ActorRefs.Nobody, "", JoinMode.Live, default, News, outbox, 0, format, echo: true);
        subscriber.JoinedLive(default);
        return subscriber;
    }

    private sealed class Lines : IClientTransport
    {
        private readonly StringBuilder _text = new();
        private int _writing;

        public bool CompletesLate { get; init; }

        public Action OnWrite { get; set; } = () => { };

        public string Text
        {
            get { lock (_text) return _text.ToString(); }
        }

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            Assert.Equal(0, Interlocked.Exchange(ref _writing, 1));
            OnWrite();
            lock (_text) foreach (var frame in frames) _text.Append(Encoding.UTF8.GetString(frame.Span));
            return CompletesLate ? LaterAsync() : Done();
        }

        public void Close(CloseReason reason)
        {
        }

        private async ValueTask LaterAsync()
        {
            await Task.Yield();
            await Done();
        }

        private ValueTask Done()
        {
            Volatile.Write(ref _writing, 0);
            return default;
        }
    }
}
