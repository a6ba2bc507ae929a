using Broker.Actors.Channels;
using Broker.Actors.Relays;
using Broker.Actors.Settings;

namespace Broker.Actors.Subscribing;

/// <summary>
/// Owns one in-process subscription: keeps it joined to a relay, from where it left off, until its reader goes.
/// </summary>
internal sealed class ReaderActor : ReceiveActor
{
    private readonly ChannelName _channel;
    private readonly IPublicationReader _reader;
    private readonly IActorRef _relays;
    private readonly StreamPosition? _since;
    private readonly BrokerServices _services;
    private PublicationSubscriber _subscriber = null!;

    public ReaderActor(ChannelName channel, IPublicationReader reader, StreamPosition? since, IActorRef? readingActor, IActorRef relays, BrokerServices services)
    {
        _channel = channel;
        _reader = reader;
        _since = since;
        _relays = relays;
        _services = services;

        Receive<JoinsAt>(joins => Context.Watch(joins.Relay));
        Receive<Joined>(_ => { });
        Receive<Terminated>(gone => OnTerminated(gone, readingActor));
        if (readingActor is not null) Context.Watch(readingActor);
    }

    protected override void PreStart()
    {
        _services.Metrics.ConnectionOpened();
        Join(_since);
    }

    protected override void PostStop()
    {
        _services.Metrics.ConnectionClosed(1000);
        _relays.Tell(new Leave(_channel, _subscriber));
        _reader.Ended();
    }

    private void OnTerminated(Terminated gone, IActorRef? readingActor)
    {
        if (gone.ActorRef.Equals(readingActor)) Context.Stop(Self);
        else Join(_subscriber.Position.Epoch.Length > 0 ? _subscriber.Position : null);
    }

    private void Join(StreamPosition? since)
    {
        var mode = since is null ? JoinMode.Live : JoinMode.Since;
        _subscriber = new PublicationSubscriber(Self, _channel, mode, since ?? new StreamPosition("", 0), _reader);
        _relays.Tell(new Join(_channel, _subscriber));
    }
}
