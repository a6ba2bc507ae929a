using Broker.Actors.Presence;

namespace Broker.Actors.Channels;

/// <remarks>Who is there: a child keeps it, made when it is first asked.</remarks>
internal abstract partial class ChannelActor
{
    private IActorRef? _presence;

    /// <summary>Without what it knows of its members a channel begins anew: its relays attach again and say who they have.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    private void OnPresence(IPresenceMessage message)
    {
        // Others may own the channel by now, and tell what is so. A relay says again what is not answered.
        var mayOwn = !_stops && Services.MayOwn;
        if (message is ReportPresence report && mayOwn && !_relays.Knows(report.Relay)) Sender.Tell(new Detached(Name));
        else if (mayOwn) Presence().Forward(message);
        else if (message is not ReportPresence) Sender.Tell(MembersUnknown.Instance);
    }

    private IActorRef Presence()
    {
        if (_presence is not null) return _presence;

        var (channel, keys, services) = (Name, Keys, Services);
        _presence = Context.ActorOf(services.OnChannelDispatcher(Props.Create(() => new PresenceActor(channel, keys, services))));
        return Context.Watch(_presence);
    }

    /// <summary>So that the next owner finds in Redis what this one has told.</summary>
    private void FinishPresence() => _presence?.Tell(PresenceActor.Finish.Instance);

    private bool HasFinished(Terminated gone)
    {
        if (!gone.ActorRef.Equals(_presence)) return false;

        _presence = null;
        StopWhenAnswered();
        return true;
    }
}
