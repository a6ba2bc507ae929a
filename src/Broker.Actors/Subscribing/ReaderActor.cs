using Broker.Actors.Channels;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Subscribing;

/// <summary>
/// Owns one in-process subscription: keeps it joined to a relay, from where it left off, until its reader goes. If it ends by itself the door tells the reader.
/// </summary>
internal sealed class ReaderActor : ReceiveActor
{
    private readonly ChannelName _channel;
    private readonly IPublicationReader _reader;
    private readonly IActorRef _relays;
    private readonly StreamPosition? _since;
    private readonly BrokerServices _services;
    private readonly Rejoins _rejoins = new();
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
    }

    private void OnTerminated(Terminated gone, IActorRef? readingActor)
    {
        if (gone.ActorRef.Equals(readingActor))
        {
            Context.Parent.Tell(new Unsubscribe(_channel, readingActor!));
        }
        else if (_rejoins.MayJoin(_services.Now))
        {
            Join(string.IsNullOrEmpty(_subscriber.Position.Epoch) ? null : _subscriber.Position);
        }
        else
        {
            _services.Log.LogError("The relay of {Channel} fails again and again: a subscription is ended", _channel);
            Context.Stop(Self);
        }
    }

    private void Join(StreamPosition? since)
    {
        var mode = since is null ? JoinMode.Live : JoinMode.Since;
        _subscriber = new PublicationSubscriber(Self, _channel, mode, since ?? new StreamPosition("", 0), _reader);
        _relays.Tell(new Join(_channel, _subscriber));
    }
}
