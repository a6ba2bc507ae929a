using Broker.Actors.Channels;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Relays;

/// <summary>
/// Owns the relays of a node: starts one for a channel when it is first needed, stops it when it is idle. All that clients tell a relay passes here, so none of it is lost to one that is
/// just stopping.
/// </summary>
internal sealed class RelaysActor : ReceiveActor
{
    private readonly Dictionary<string, Relay> _relays = [];
    private readonly IActorRef _channels;
    private readonly BrokerServices _services;

    public RelaysActor(IActorRef channels, BrokerServices services)
    {
        _channels = channels;
        _services = services;

        Receive<IRelayMessage>(OnRelayMessage);
        Receive<RelayIdle>(OnIdle);
        Receive<RelayGone>(OnGone);
    }

    /// <summary>A relay that fails is stopped: its subscribers' owners watch it and join again.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(fault =>
    {
        _services.Log.LogError(fault, "A relay failed");
        return Directive.Stop;
    });

    private void OnRelayMessage(IRelayMessage message)
    {
        var name = message.Channel.ToRedis(_services.Settings.Prefix);
        if (!_relays.TryGetValue(name, out var relay))
        {
            if (message is Leave leave)
            {
                leave.Subscriber.Left();
                return;
            }

            var services = _services;
            var channels = _channels;
            var channel = message.Channel;
            relay = new Relay(Context.ActorOf(
                services.OnChannelDispatcher(Props.Create(() => new RelayActor(channel, channels, services)))));
            Context.WatchWith(relay.Ref, new RelayGone(channel, relay.Ref));
            _relays[name] = relay;
        }

        relay.Sent++;
        relay.Ref.Forward(message);
        if (message is Join join) join.Subscriber.Owner.Tell(new JoinsAt(join.Subscriber, relay.Ref));
    }

    private void OnIdle(RelayIdle idle)
    {
        var name = idle.Channel.ToRedis(_services.Settings.Prefix);
        if (!_relays.TryGetValue(name, out var relay) || !relay.Ref.Equals(Sender) || relay.Sent != idle.Handled) return;

        _relays.Remove(name);
        Context.Stop(relay.Ref);
    }

    private void OnGone(RelayGone gone)
    {
        var name = gone.Channel.ToRedis(_services.Settings.Prefix);
        if (_relays.TryGetValue(name, out var relay) && relay.Ref.Equals(gone.Relay)) _relays.Remove(name);
    }

    private sealed record RelayGone(ChannelName Channel, IActorRef Relay);

    private sealed class Relay(IActorRef reference)
    {
        public IActorRef Ref { get; } = reference;

        public long Sent { get; set; }
    }
}
