using Broker.Actors.Channels;
using Broker.Actors.Settings;

namespace Broker.Actors.Connections;

/// <summary>
/// One client of this node, as its transport sees it. The transport hands in what the client sends and says when it has ended; all decisions are its actor's.
/// </summary>
public abstract class ClientConnection
{
    private readonly Inflow _inflow;
    private readonly long _since;
    private IActorRef _actor = ActorRefs.Nobody;
    private int _ended;

    private protected ClientConnection(IWireFormat format, OutboxQueue queue, BrokerSettings settings, BrokerMetrics? metrics, DateTimeOffset since)
    {
        Format = format;
        Id = Epochs.New();
        Outbox = new Outbox(queue, (reason, failure) => _actor.Tell(new CloseConnection(reason, failure), ActorRefs.NoSender), metrics);
        _inflow = new Inflow(settings.Inflow.Messages, settings.Inflow.Bytes);
        _since = since.UtcTicks;
    }

    /// <summary>Names the connection; what it publishes carries it as origin.</summary>
    public string Id { get; }

    /// <summary>What bounds a message of it, by the setting's name.</summary>
    internal abstract string MessageLimit { get; }

    internal IWireFormat Format { get; }

    internal Outbox Outbox { get; }

    internal IClientTransport? Transport { get; private set; }

    /// <summary>When it was opened.</summary>
    internal DateTimeOffset Since => new(_since, TimeSpan.Zero);

    /// <summary>Who decides for it; nobody until it is open.</summary>
    internal IActorRef Owner => Volatile.Read(ref _actor);

    /// <summary>The client can be written to from here on.</summary>
    public void Attach(IClientTransport transport)
    {
        Transport = transport;
        Outbox.Attach(transport);
    }

    /// <summary>A message of the client's. Completes when the next one may be read.</summary>
    /// <param name="payload">From here on the broker's: it must not be written to.</param>
    public abstract ValueTask ReceiveAsync(ReadOnlyMemory<byte> payload);

    /// <summary>The client has gone. Must be called once for every connection, however it ends.</summary>
    /// <param name="code">The close code, for the metrics; not 0.</param>
    public void Ended(int code)
    {
        if (Interlocked.CompareExchange(ref _ended, code, 0) == 0) Volatile.Read(ref _actor).Tell(new TransportEnded(code), ActorRefs.NoSender);
    }

    /// <summary>Whose it is from its beginning. Null: nobody's, or that is found out later.</summary>
    internal virtual string? User => null;

    /// <summary>Who it is and what it listens to, from any thread.</summary>
    internal abstract Sight Look();

    /// <summary>It is told to beat at the pace of <c>broker.websocket.heartbeat-interval</c>.</summary>
    internal virtual bool HasBeat => true;

    /// <summary>The actor that owns it.</summary>
    internal abstract Props PropsOf(IActorRef relays, BrokerServices services);

    /// <summary>It is of a kind that such an order can be given.</summary>
    internal virtual bool Takes(object order) => order is CloseConnection;

    /// <summary>The server orders something of it, from any thread.</summary>
    internal void Order(object order) => Volatile.Read(ref _actor).Tell(order, ActorRefs.NoSender);

    internal void StartedAs(IActorRef actor)
    {
        // The client may have gone before: who opened the connection has given up waiting for its actor.
        Interlocked.Exchange(ref _actor, actor);
        if (Volatile.Read(ref _ended) is var code and not 0) actor.Tell(new TransportEnded(code), ActorRefs.NoSender);
    }

    /// <summary>A message of this size has come. Completes when there is room for the next one.</summary>
    private protected ValueTask TakeAsync(int bytes) => _inflow.TakeAsync(bytes);

    /// <summary>Nothing that it sent, or will send, is dealt with.</summary>
    internal void DealNoMore() => _inflow.End();

    /// <summary>A message of this size has been dealt with.</summary>
    internal void Dealt(int bytes) => _inflow.Release(bytes);
}
