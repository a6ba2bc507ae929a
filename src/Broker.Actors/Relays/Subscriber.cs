using Broker.Actors.Channels;
using Broker.Actors.Presence;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Relays;

/// <summary>What a subscriber gets before what is live.</summary>
internal enum JoinMode
{
    /// <summary>Nothing.</summary>
    Live,

    /// <summary>The persisted last message, read from Redis when it joins.</summary>
    LastValue,

    /// <summary>What it missed since a position.</summary>
    Since,

    /// <summary>What it missed since a position; where that cannot be given, the persisted last message.</summary>
    SinceOrLastValue,
}

/// <summary>
/// One subscription of one client, as its relay sees it. Belongs to one relay and is called on that relay's turns; must not wait.
/// </summary>
internal abstract class Subscriber(IActorRef owner, string origin, JoinMode mode, StreamPosition since = default)
{
    /// <summary>The actor that the client belongs to.</summary>
    public IActorRef Owner { get; } = owner;

    /// <summary>The id that its own publications carry.</summary>
    public string Origin { get; } = origin;

    public JoinMode Mode { get; } = mode;

    public StreamPosition Since { get; } = since;

    /// <summary>Who it is to others on the channel, the same object for as long as it is subscribed; null for a subscriber that is not in presence.</summary>
    public virtual ClientInfo? Member => null;

    /// <summary>It is told who comes and goes: <see cref="MembersChanged"/>.</summary>
    public virtual bool WantsJoinLeave => false;

    /// <summary>From where it is given what it missed.</summary>
    /// <param name="live">Where the channel stands.</param>
    public virtual StreamPosition SinceAt(StreamPosition live) => Since;

    /// <summary>Its place in the relay's list; the relay's own.</summary>
    public int Place { get; set; } = -1;

    /// <summary>It begins: what it missed and what is live follows.</summary>
    /// <param name="position">Where the channel stands.</param>
    /// <param name="recovered">It came with a position and gets all that it missed.</param>
    public virtual void Joining(StreamPosition position, bool recovered)
    {
    }

    /// <summary>The persisted last message, before everything live.</summary>
    public abstract void Replay(ReadOnlyMemory<byte> payload, string? publishId);

    /// <summary>Takes its share of a batch. Returns how many publications that were.</summary>
    public abstract int Deliver(Dispatch dispatch);

    /// <summary>The replay is over.</summary>
    /// <param name="position">Where the channel stands: all that lies behind comes live.</param>
    public virtual void JoinedLive(StreamPosition position)
    {
    }

    /// <summary>Others, and itself, have come and gone, in this order. One object for all subscribers of the relay.</summary>
    public virtual void MembersChanged(MembersChange change)
    {
    }

    /// <summary>Its leave has been taken: nothing comes any more.</summary>
    public virtual void Left()
    {
    }
}
