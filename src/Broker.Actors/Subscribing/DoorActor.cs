using Broker.Actors.Channels;
using Broker.Actors.Publishing;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Subscribing;

/// <summary>
/// The door for an application's own code: its actors' messages come in here, and every in-process subscription's actor is a child.
/// </summary>
internal sealed class DoorActor : ReceiveActor
{
    private readonly IActorRef _relays;
    private readonly BrokerServices _services;
    private readonly Dictionary<object, Running> _running = [];

    public DoorActor(IActorRef relays, BrokerServices services)
    {
        _relays = relays;
        _services = services;

        Receive<Subscribe>(OnSubscribe);
        Receive<Unsubscribe>(OnUnsubscribe);
        Receive<Publish>(OnPublish);
        Receive<StartReader>(OnStartReader);
        Receive<StopReader>(OnStopReader);
        Receive<ReaderGone>(OnReaderGone);
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(fault =>
    {
        _services.Log.LogError(fault, "An in-process subscription failed");
        return Directive.Stop;
    });

    protected override void PreRestart(Exception reason, object? message)
    {
        EndAll(UnsubscribeReason.Failed);
        base.PreRestart(reason, message);
    }

    protected override void PostStop() => EndAll(UnsubscribeReason.NodeStops);

    private void OnSubscribe(Subscribe order)
    {
        var key = (order.Channel, order.Subscriber);
        Stop(key);
        Start(key, order.Channel, new ActorReader(order.Channel, order.Subscriber), order.Since, order.Subscriber);
    }

    private void OnUnsubscribe(Unsubscribe order) => Stop((order.Channel, order.Subscriber));

    private void OnPublish(Publish order)
    {
        var ticket = new ActorTicket(order.Channel, Sender.Equals(Context.System.DeadLetters) ? ActorRefs.Nobody : Sender, _services.Metrics);
        if (order.Payload.Length > _services.Settings.MaxMessage)
        {
            ticket.Fail(PublishProblem.TooLarge);
            return;
        }

        var publication = new OutgoingPublication(
            order.Payload.ToArray(), order.PublishId ?? Epochs.New() + Epochs.New(), null, order.Expire ?? _services.Settings.Expire);
        _relays.Tell(new RelayPublish(order.Channel, publication, ticket, _services.Now + _services.Settings.PublishTimeout, Retry: false));
    }

    private void OnStartReader(StartReader order) => Start(order.Reader, order.Channel, order.Reader, order.Since, readingActor: null);

    private void OnStopReader(StopReader order) => Stop(order.Reader);

    /// <summary>Of those that were asked to stop nobody knows any more: this one has ended by itself.</summary>
    private void OnReaderGone(ReaderGone gone)
    {
        if (!_running.TryGetValue(gone.Key, out var running) || !running.Actor.Equals(gone.Actor)) return;

        _running.Remove(gone.Key);
        running.Reader.Ended(UnsubscribeReason.Failed);
    }

    private void Start(object key, ChannelName channel, IPublicationReader reader, StreamPosition? since, IActorRef? readingActor)
    {
        var (relays, services) = (_relays, _services);
        var actor = Context.ActorOf(Props.Create(() => new ReaderActor(channel, reader, since, readingActor, relays, services)));
        Context.WatchWith(actor, new ReaderGone(key, actor));
        _running[key] = new Running(actor, reader);
    }

    private void Stop(object key)
    {
        if (!_running.Remove(key, out var running)) return;

        // Its relay hears later that it has gone, perhaps after the one that follows has joined: then both would get what is published.
        (running.Reader as ActorReader)?.Silence();
        Context.Stop(running.Actor);
    }

    private void EndAll(UnsubscribeReason reason)
    {
        foreach (var running in _running.Values) running.Reader.Ended(reason);
        _running.Clear();
    }

    /// <param name="Actor">Keeps the subscription joined.</param>
    /// <param name="Reader">Hears when it ends.</param>
    private readonly record struct Running(IActorRef Actor, IPublicationReader Reader);

    private sealed record ReaderGone(object Key, IActorRef Actor);

    private sealed class ActorReader(ChannelName channel, IActorRef subscriber) : IPublicationReader
    {
        private volatile bool _ended;

        public void Begins(ChannelName channel, StreamPosition position, bool recovered)
        {
            if (!_ended) subscriber.Tell(new Subscribed(channel, position, recovered), ActorRefs.NoSender);
        }

        public void Take(IReadOnlyList<Publication> publications)
        {
            if (_ended) return;
            foreach (var publication in publications) subscriber.Tell(publication, ActorRefs.NoSender);
        }

        /// <summary>Its relay may not have heard yet that it has ended.</summary>
        public void Silence() => _ended = true;

        public void Ended(UnsubscribeReason reason)
        {
            Silence();
            subscriber.Tell(new Unsubscribed(channel, reason), ActorRefs.NoSender);
        }
    }

    private sealed class ActorTicket(ChannelName channel, IActorRef publisher, BrokerMetrics metrics) : PublishTicket
    {
        public override void Done(PublishResult result)
        {
            metrics.PublishEnded(result);
            if (result.Failure is { } failure) Fail((PublishProblem)failure);
            else publisher.Tell(new Published(channel, result.Position), ActorRefs.NoSender);
        }

        public void Fail(PublishProblem problem) => publisher.Tell(new PublishFailed(channel, problem), ActorRefs.NoSender);
    }
}
