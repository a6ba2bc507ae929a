using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>One life of a subscription, from its join to its leave, whichever relays it is at: how it begins and ends for its client. Called on its relay's turns.</summary>
/// <param name="owner">The client's actor.</param>
internal abstract class SubscriptionLife(IActorRef owner, RichJoin join, RichOutput output) : IDroppable
{
    private volatile bool _isLost;

    public IActorRef Owner => owner;

    public RichJoin Join => join;

    public RichOutput Output => output;

    public bool OnlyNewestCounts => join.OnlyNewestCounts;

    /// <summary>It has missed something: nothing more is offered, and its actor ends it.</summary>
    public bool IsLost => _isLost;

    /// <summary>Also on turns of other relays: those that fill the client's outbox.</summary>
    public void Lose()
    {
        if (_isLost) return;

        _isLost = true;
        owner.Tell(new SubscriptionBroken(this), ActorRefs.NoSender);
    }

    /// <summary>It has joined: from here on publications are offered.</summary>
    public abstract void Joined(SubscribeResult result);

    public void Offer(FrameSlice publications, List<Outbox>? unwritten) => Give(publications.Of(join.Options.Conflates ? this : null), unwritten);

    /// <summary>What is never dropped.</summary>
    public void Offer(ReadOnlyMemory<byte> frames) => Give(new FrameSlice(frames, count: 0), null);

    /// <summary>Its actor has ended it.</summary>
    public void Ended(Farewell farewell, bool hasJoined) => Offer(hasJoined ? farewell.Frame : farewell.Refusal);

    protected virtual void Give(FrameSlice frames, List<Outbox>? unwritten) => output.Offer(frames, unwritten);
}

/// <summary>The client has subscribed, and gets an answer.</summary>
internal sealed class AskedFor(uint id, IActorRef owner, RichJoin join, RichOutput output) : SubscriptionLife(owner, join, output)
{
    public uint Id => id;

    public override void Joined(SubscribeResult result) => Output.Write(to => to.Subscribed(id, result));
}

/// <summary>The server has subscribed an open client, which is told; or it is one that can only listen. What it misses it can only get by connecting anew.</summary>
internal sealed class Given(IActorRef owner, RichJoin join, RichOutput output) : SubscriptionLife(owner, join, output)
{
    public override void Joined(SubscribeResult result)
    {
        var withOffset = Join.Options.History is not null;
        Output.Offer(Output.Framing.Subscribed(Join.Name, result, withOffset));
        Output.Write(result.Publications, withOffset);
    }
}

/// <summary>The server subscribes the client as it connects: the answer to that holds all of it, and comes first. What it misses it can only get by connecting anew.</summary>
internal sealed class WithConnect(ConnectHold hold, IActorRef owner, RichJoin join, RichOutput output) : SubscriptionLife(owner, join, output)
{
    public override void Joined(SubscribeResult result) => hold.Add(Join.Name, result);

    protected override void Give(FrameSlice frames, List<Outbox>? unwritten) => hold.Offer(frames, unwritten);
}

/// <summary>A subscription has missed something: its client is to subscribe again, and recovers then.</summary>
internal sealed record SubscriptionBroken(SubscriptionLife Life);
