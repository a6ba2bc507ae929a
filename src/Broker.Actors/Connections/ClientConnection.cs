using System.Runtime.InteropServices;
using Broker.Actors.Channels;

namespace Broker.Actors.Connections;

/// <summary>
/// One client of this node, as its transport sees it. The transport hands in what the client sends and says when it has ended; all decisions are the
/// <see cref="ConnectionActor"/>'s.
/// </summary>
public sealed class ClientConnection
{
    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Inflow _inflow;
    private IActorRef _actor = ActorRefs.Nobody;
    private int _ended;

    internal ClientConnection(ConnectionPlan plan, IWireFormat format, Settings.BrokerSettings settings, Settings.BrokerMetrics? metrics = null)
    {
        Plan = plan;
        Format = format;
        Id = Epochs.New();
        Outbox = new Outbox(OutboxQueue.For(plan, settings, metrics), reason => _actor.Tell(new CloseConnection(reason), ActorRefs.NoSender), metrics);
        _inflow = new Inflow(settings.Inflow.Messages, settings.Inflow.Bytes);
        if (plan.Subscribe.Count == 0) _subscribed.SetResult();
    }

    /// <summary>Names the connection; what it publishes carries it as origin.</summary>
    public string Id { get; }

    /// <summary>Completes when every channel is subscribed and its replay waits to be written.</summary>
    public Task Subscribed => _subscribed.Task;

    internal ConnectionPlan Plan { get; }

    internal IWireFormat Format { get; }

    internal Outbox Outbox { get; }

    internal IClientTransport? Transport { get; private set; }

    /// <summary>The client can be written to from here on.</summary>
    public void Attach(IClientTransport transport)
    {
        Transport = transport;
        Outbox.Attach(transport);
    }

    /// <summary>A message of the client's. Completes when the next one may be read.</summary>
    /// <param name="payload">From here on the broker's: it must not be written to.</param>
    public ValueTask ReceiveAsync(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length == 0) return ValueTask.CompletedTask;

        var room = _inflow.TakeAsync(payload.Length);
        _actor.Tell(new Received(WholeArray(payload)), ActorRefs.NoSender);
        return room;
    }

    /// <summary>The client has gone. Must be called once for every connection, however it ends.</summary>
    /// <param name="code">The close code, for the metrics; not 0.</param>
    public void Ended(int code)
    {
        if (Interlocked.CompareExchange(ref _ended, code, 0) == 0) Volatile.Read(ref _actor).Tell(new TransportEnded(code), ActorRefs.NoSender);
    }

    internal void StartedAs(IActorRef actor)
    {
        // The client may have gone before: who opened the connection has given up waiting for its actor.
        Interlocked.Exchange(ref _actor, actor);
        if (Volatile.Read(ref _ended) is var code and not 0) actor.Tell(new TransportEnded(code), ActorRefs.NoSender);
    }

    internal void AllSubscribed() => _subscribed.TrySetResult();

    private static byte[] WholeArray(ReadOnlyMemory<byte> payload) =>
        MemoryMarshal.TryGetArray(payload, out var segment) && segment.Array!.Length == payload.Length ? segment.Array : payload.ToArray();

    /// <summary>A message of this size has been dealt with.</summary>
    internal void Dealt(int bytes) => _inflow.Release(bytes);
}
