using System.Runtime.InteropServices;
using Broker.Actors.Settings;

namespace Broker.Actors.Connections;

/// <summary>A client of ws4redis mode: what it subscribes to and publishes on is worked out before it is opened.</summary>
public sealed class WireConnection : ClientConnection
{
    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal WireConnection(ConnectionPlan plan, IWireFormat format, BrokerSettings settings, BrokerMetrics? metrics = null, DateTimeOffset since = default)
        : base(format, OutboxQueue.For(plan, settings, metrics), settings, metrics, since)
    {
        Plan = plan;
        if (plan.Subscribe.Count == 0) _subscribed.SetResult();
    }

    /// <summary>Completes when every channel is subscribed and its replay waits to be written.</summary>
    public Task Subscribed => _subscribed.Task;

    /// <inheritdoc/>
    internal override string MessageLimit => "max-message";

    internal ConnectionPlan Plan { get; }

    internal override string? User => Plan.Caller.User;

    /// <inheritdoc/>
    public override ValueTask ReceiveAsync(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length == 0) return ValueTask.CompletedTask;

        var room = TakeAsync(payload.Length);
        Owner.Tell(new Received(WholeArray(payload)), ActorRefs.NoSender);
        return room;
    }

    internal override Sight Look() => new(Id, Plan.Caller, Plan.Token, ConnectedClient.Ws4Redis, Plan.Subscribe, Since);

    // By its arguments: an expression for each client is a kilobyte, and a microsecond to read.
    internal override Props PropsOf(IActorRef relays, BrokerServices services) => Props.Create<ConnectionActor>(this, relays, services);

    internal void AllSubscribed() => _subscribed.TrySetResult();

    private static byte[] WholeArray(ReadOnlyMemory<byte> payload) =>
        MemoryMarshal.TryGetArray(payload, out var segment) && segment.Array!.Length == payload.Length ? segment.Array : payload.ToArray();
}
