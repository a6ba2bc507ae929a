using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Connections;

/// <summary>
/// Owns one ws4redis client: its subscriptions, what it publishes, its heartbeat and its end. Publications do not pass here: relays put them into the outbox.
/// </summary>
/// <remarks>There are as many of these as clients: no handlers are made for each, and nothing that most of them never need.</remarks>
internal sealed class ConnectionActor : UntypedActor
{
    private readonly WireConnection _connection;
    private readonly IActorRef _relays;
    private readonly BrokerServices _services;
    private readonly Subscription[] _subscriptions;
    private Queue<byte[]>? _unseen;
    private int _joined;
    private long _published;
    private bool _handling;
    private int _closeCode;

    public ConnectionActor(WireConnection connection, IActorRef relays, BrokerServices services)
    {
        _connection = connection;
        _relays = relays;
        _services = services;
        _subscriptions = new Subscription[Plan.Subscribe.Count];
    }

    private ConnectionPlan Plan => _connection.Plan;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Received received: OnReceived(received); break;
            case Handled handled: OnHandled(handled); break;
            case JoinsAt joins: OnJoinsAt(joins); break;
            case Joined joined: OnJoined(joined); break;
            case Terminated gone: OnRelayGone(gone); break;
            case Beat: OnBeat(); break;
            case CloseConnection close: OnClose(close); break;
            case TransportEnded ended: OnEnded(ended); break;
            default: Unhandled(message); break;
        }
    }

    protected override void PreStart()
    {
        _services.Metrics.ConnectionOpened();
        for (var i = 0; i < Plan.Subscribe.Count; i++)
        {
            _subscriptions[i] = new Subscription(Plan.Subscribe[i]);
            Join(i, Plan.Replay ? JoinMode.LastValue : JoinMode.Live, default);
        }
    }

    protected override void PostStop()
    {
        _services.Metrics.ConnectionClosed(_closeCode);
        foreach (var subscription in _subscriptions) _relays.Tell(new Leave(subscription.Channel, subscription.Subscriber));

        // Only a failure gets here with the client still connected.
        _connection.DealNoMore();
        _connection.Outbox.Close(CloseReason.InternalError);
    }

    private void Join(int index, JoinMode mode, StreamPosition since)
    {
        var subscription = _subscriptions[index];
        var echo = Plan.Echo || !_services.Settings.SuppressEcho;
        subscription.Subscriber = new WireSubscriber(Self, _connection.Id, mode, since, subscription.Channel, _connection.Outbox, index, _connection.Format, echo);
        _relays.Tell(new Join(subscription.Channel, subscription.Subscriber));
    }

    private void OnReceived(Received received)
    {
        var payload = received.Payload;
        if (Plan.HeartbeatText is { } text && text.Span.SequenceEqual(payload))
        {
            _connection.Dealt(payload.Length);
            SendHeartbeat();
            return;
        }

        if (Plan.Publish.Count == 0) _connection.Dealt(payload.Length);
        else if (_services.PublishHandler is null) Publish(payload, payload.Length);
        else Ask(payload);
    }

    /// <summary>The application's handler sees one message at a time, so that order is kept.</summary>
    private void Ask(byte[] payload)
    {
        (_unseen ??= new Queue<byte[]>()).Enqueue(payload);
        AskNext();
    }

    private void AskNext()
    {
        if (_handling || _unseen is null || !_unseen.TryDequeue(out var payload)) return;

        _handling = true;
        var publish = new ClientPublish(Plan.Caller, Plan.Publish, payload);
        PublishHandling.AskAsync(_services.PublishHandler!, publish, _services).PipeTo(Self, success: decision => new Handled(payload, decision));
    }

    private void OnHandled(Handled handled)
    {
        _handling = false;
        if (handled.Decision.IsAccepted)
        {
            Publish(handled.Decision.Payload?.ToArray() ?? handled.Payload, handled.Payload.Length);
        }
        else
        {
            _services.Metrics.PublishFailed("refused");
            _connection.Dealt(handled.Payload.Length);
        }

        AskNext();
    }

    private void Publish(byte[] payload, int received)
    {
        var publication = new OutgoingPublication(
            payload, $"{_connection.Id}-{++_published}", _connection.Id, Plan.Persist ? _services.Settings.Expire : 0, Shared: Plan.Publish.Count > 1);
        var ticket = new FrameTicket(_connection, received, Plan.Publish.Count, _services);
        var until = _services.Now + _services.Settings.PublishTimeout;

        foreach (var channel in Plan.Publish) _relays.Tell(new RelayPublish(channel, Lasting(publication, channel), ticket, until, Retry: true));
    }

    /// <summary>How long it stays the last message is the channel's.</summary>
    private OutgoingPublication Lasting(OutgoingPublication publication, ChannelName channel)
    {
        var expire = Plan.Persist ? _services.Settings.ExpireOf(channel) : 0;
        return expire == publication.Expire ? publication : publication with { Expire = expire };
    }

    private void OnJoinsAt(JoinsAt joins)
    {
        if (Find(joins.Subscriber) is not { } subscription) return;

        subscription.Relay = joins.Relay;
        Context.Watch(joins.Relay);
    }

    private void OnJoined(Joined joined)
    {
        if (Find(joined.Subscriber) is not { } subscription) return;

        if (!subscription.HasJoined) _joined++;
        subscription.HasJoined = true;
        if (_joined == _subscriptions.Length) _connection.AllSubscribed();
    }

    private Subscription? Find(Subscriber subscriber) => Array.Find(_subscriptions, candidate => candidate.Subscriber == subscriber);

    private void OnRelayGone(Terminated gone)
    {
        for (var i = 0; i < _subscriptions.Length; i++) if (gone.ActorRef.Equals(_subscriptions[i].Relay)) JoinAgain(i);
    }

    /// <summary>The client goes on from where it was. What cannot be given any more is told as after a reconnection: by the last message.</summary>
    private void JoinAgain(int index)
    {
        var subscription = _subscriptions[index];
        subscription.Rejoins ??= new Rejoins();
        if (!subscription.Rejoins.MayJoin(_services.Now))
        {
            _services.Log.LogError("The relay of {Channel} fails again and again: connection {Connection} is closed", subscription.Channel, _connection.Id);
            OnClose(new CloseConnection(CloseReason.InternalError));
            return;
        }

        var position = subscription.Subscriber.Position;
        if (string.IsNullOrEmpty(position.Epoch)) Join(index, Plan.Replay ? JoinMode.LastValue : JoinMode.Live, default);
        else Join(index, Plan.Replay ? JoinMode.SinceOrLastValue : JoinMode.Since, position);
    }

    private void OnBeat()
    {
        SendHeartbeat();
        _connection.Transport?.Beat();
    }

    private void SendHeartbeat()
    {
        if (Plan.Heartbeat is { } frame) _connection.Outbox.Offer(frame);
    }

    private void OnClose(CloseConnection close)
    {
        if (close.Failure is { } failure) _services.Log.LogError(failure, "The transport of connection {Connection} failed", _connection.Id);
        _closeCode = close.Reason.Code;
        _connection.Outbox.Close(close.Reason);
        if (_connection.Transport is null) Context.Stop(Self);
    }

    private void OnEnded(TransportEnded ended)
    {
        if (_closeCode == 0) _closeCode = ended.Code;
        Context.Stop(Self);
    }

    private sealed record Handled(byte[] Payload, PublishDecision Decision);

    private sealed class Subscription(ChannelName channel)
    {
        public ChannelName Channel { get; } = channel;

        public WireSubscriber Subscriber { get; set; } = null!;

        public IActorRef? Relay { get; set; }

        public bool HasJoined { get; set; }

        public Rejoins? Rejoins { get; set; }
    }
}
