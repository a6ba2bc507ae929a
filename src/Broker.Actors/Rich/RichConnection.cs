using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Presence;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Sessions;
using Broker.Actors.Settings;

namespace Broker.Actors.Rich;

/// <summary>A client of the Centrifuge protocol, as its transport sees it. Its frames are read where they come in; what they ask for its <see cref="RichActor"/> decides.</summary>
internal sealed class RichConnection : ClientConnection
{
    private readonly int _commandsPerFrame;
    private Seen _seen = Seen.Nothing;

    /// <param name="stream">Of a client that can only listen; null for one that has yet to say who it is.</param>
    public RichConnection(
        IClientGate gate, RichFraming framing, PresenceReader presence, BrokerSettings settings, BrokerMetrics? metrics = null, DateTimeOffset since = default, StreamPlan? stream = null)
        : base(framing.Publications(withOffset: true), QueueOf(settings, metrics), settings, metrics, since)
    {
        Gate = gate;
        Stream = stream;
        Presence = presence;
        Output = new RichOutput(Outbox, framing);
        _commandsPerFrame = settings.Rich.Limits.CommandsPerFrame;
    }

    public IClientGate Gate { get; }

    public StreamPlan? Stream { get; }

    public PresenceReader Presence { get; }

    public RichOutput Output { get; }

    /// <inheritdoc/>
    internal override string MessageLimit => "frame";

    /// <summary>It pings by itself.</summary>
    internal override bool HasBeat => false;

    /// <inheritdoc/>
    public override ValueTask ReceiveAsync(ReadOnlyMemory<byte> payload)
    {
        if (!Output.Framing.TryRead(payload, _commandsPerFrame, out var commands, out var hasTooMany))
        {
            Owner.Tell(hasTooMany ? BadFrame.TooMany : BadFrame.Unreadable, ActorRefs.NoSender);
            return ValueTask.CompletedTask;
        }

        var room = TakeAsync(payload.Length);
        Owner.Tell(new Commands(commands, new FrameShare(this, payload.Length, commands.Count)), ActorRefs.NoSender);
        return room;
    }

    internal override bool Takes(object order) => Stream is null || order is not SubscribeClient;

    internal override Sight Look()
    {
        var (identity, name, version, channels, tokens) = Volatile.Read(ref _seen);
        var protocol = Stream is null ? ConnectedClient.Rich : ConnectedClient.EventStream;
        return new Sight(Id, identity?.Caller ?? Caller.Anonymous, identity?.Token, protocol, channels, Since, name, version) { SubscriptionTokens = tokens };
    }

    internal override Props PropsOf(IActorRef relays, BrokerServices services) => Props.Create<RichActor>(this, relays, services);

    /// <summary>Which channels it will subscribe is not known yet.</summary>
    private static OutboxQueue QueueOf(BrokerSettings settings, BrokerMetrics? metrics) =>
        settings.NeverConflates ? new PlainQueue(settings.OutboxLimit, subscriptions: 0) : new RichQueue(settings.OutboxLimit, metrics);

    /// <summary>What others see of it.</summary>
    internal void ShowAs(Seen seen) => Volatile.Write(ref _seen, seen);

    /// <param name="Identity">Null until it has connected.</param>
    /// <param name="Tokens">That subscriptions stand by.</param>
    internal sealed record Seen(Identity? Identity, string Name, string Version, IReadOnlyList<ChannelName> Channels, PresentedToken[] Tokens)
    {
        public static readonly Seen Nothing = new(null, "", "", [], []);
    }
}

/// <summary>The client sent a frame of commands.</summary>
internal sealed record Commands(IReadOnlyList<Command> Items, FrameShare Frame);

/// <summary>The client sent what is no frame of the protocol.</summary>
/// <param name="Limit">What it is over; null where it cannot be read.</param>
internal sealed record BadFrame(string? Limit)
{
    public static readonly BadFrame Unreadable = new((string?)null);
    public static readonly BadFrame TooMany = new("commands-per-frame");
}

/// <summary>Counts down the commands of one frame; when the last one has been dealt with, the client may send as much again. From any thread.</summary>
internal sealed class FrameShare(RichConnection connection, int bytes, int commands)
{
    private int _open = commands;

    public void Done()
    {
        if (Interlocked.Decrement(ref _open) == 0) connection.Dealt(bytes);
    }
}
