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
    private readonly Dictionary<(ChannelName Channel, IActorRef Subscriber), IActorRef> _readers = [];
    private readonly Dictionary<IPublicationReader, IActorRef> _streams = [];

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

    private void OnSubscribe(Subscribe order)
    {
        var key = (order.Channel, order.Subscriber);
        if (_readers.Remove(key, out var former)) Context.Stop(former);

        var reader = Start(order.Channel, new ActorReader(order.Subscriber), order.Since, order.Subscriber);
        Context.WatchWith(reader, new ReaderGone(key, reader));
        _readers[key] = reader;
    }

    private void OnUnsubscribe(Unsubscribe order)
    {
        if (_readers.Remove((order.Channel, order.Subscriber), out var reader)) Context.Stop(reader);
    }

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
        _relays.Tell(new RelayPublish(order.Channel, publication, ticket, _services.Time.GetUtcNow() + _services.Settings.PublishTimeout, Retry: false));
    }

    private void OnStartReader(StartReader order) => _streams[order.Reader] = Start(order.Channel, order.Reader, order.Since, readingActor: null);

    private void OnStopReader(StopReader order)
    {
        if (_streams.Remove(order.Reader, out var reader)) Context.Stop(reader);
    }

    private void OnReaderGone(ReaderGone gone)
    {
        if (_readers.TryGetValue(gone.Key, out var reader) && reader.Equals(gone.Reader)) _readers.Remove(gone.Key);
    }

    private IActorRef Start(ChannelName channel, IPublicationReader reader, StreamPosition? since, IActorRef? readingActor)
    {
        var (relays, services) = (_relays, _services);
        return Context.ActorOf(Props.Create(() => new ReaderActor(channel, reader, since, readingActor, relays, services)));
    }

    private sealed record ReaderGone((ChannelName Channel, IActorRef Subscriber) Key, IActorRef Reader);

    private sealed class ActorReader(IActorRef subscriber) : IPublicationReader
    {
        public void Begins(ChannelName channel, StreamPosition position, bool recovered) => subscriber.Tell(new Subscribed(channel, position, recovered), ActorRefs.NoSender);

        public void Take(IReadOnlyList<Publication> publications)
        {
            foreach (var publication in publications) subscriber.Tell(publication, ActorRefs.NoSender);
        }

        public void Ended()
        {
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
