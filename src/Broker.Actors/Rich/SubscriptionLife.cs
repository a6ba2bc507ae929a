using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>How a subscription begins and ends for its client. Called on its relay's turns.</summary>
internal abstract class SubscriptionLife(string channel, RichOutput output)
{
    protected string Channel => channel;

    protected RichOutput Output => output;

    /// <summary>It has joined: from here on publications are offered.</summary>
    public abstract void Joined(SubscribeResult result);

    public virtual void Offer(ReadOnlyMemory<byte> frames, List<Outbox>? unwritten = null) => output.Offer(frames, unwritten);

    /// <summary>Its actor has ended it.</summary>
    public void Ended(Farewell farewell, bool hasJoined) => Offer(hasJoined ? farewell.Frame : farewell.Refusal);

    /// <summary>It has missed something: the client is to subscribe again, and recovers then.</summary>
    public virtual void Lost() => output.Write(line => RichWriter.PushUnsubscribe(line, channel, UnsubscribeCode.Insufficient));
}

/// <summary>The client has subscribed, and gets an answer.</summary>
internal sealed class AskedFor(uint id, string channel, RichOutput output) : SubscriptionLife(channel, output)
{
    public uint Id => id;

    public override void Joined(SubscribeResult result) => Output.Write(line => RichWriter.Subscribed(line, id, result));
}

/// <summary>The server has subscribed an open client, which is told; or it is one that can only listen. What it misses it can only get by connecting anew.</summary>
internal sealed class Given(string channel, RichOutput output, bool withOffset, Action<CloseReason> close) : SubscriptionLife(channel, output)
{
    public override void Joined(SubscribeResult result)
    {
        Output.Offer(Output.Framing.Subscribed(Channel, result, withOffset));
        Output.Write(result.Publications, withOffset);
    }

    public override void Lost() => close(CloseReason.InsufficientState);
}

/// <summary>The server subscribes the client as it connects: the answer to that holds all of it, and comes first.</summary>
internal sealed class WithConnect(string channel, RichOutput output, ConnectHold hold, Action<CloseReason> close) : SubscriptionLife(channel, output)
{
    public override void Joined(SubscribeResult result) => hold.Add(Channel, result);

    public override void Offer(ReadOnlyMemory<byte> frames, List<Outbox>? unwritten = null) => hold.Offer(frames, unwritten);

    public override void Lost() => close(CloseReason.InsufficientState);
}
