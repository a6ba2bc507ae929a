using Broker.Actors.Channels;
using Broker.Actors.Relays;

namespace Broker.Actors.Subscribing;

/// <summary>Where an in-process subscription's publications go. Called on a relay's turn; must not wait.</summary>
internal interface IPublicationReader
{
    void Begins(ChannelName channel, StreamPosition position, bool recovered);

    void Take(IReadOnlyList<Publication> publications);

    /// <summary>It ends without having been asked to: nothing more will come.</summary>
    void Ended(UnsubscribeReason reason);
}

/// <summary>
/// In-process code's subscription of one channel: it gets every publication, with its position.
/// </summary>
internal sealed class PublicationSubscriber(IActorRef owner, ChannelName channel, JoinMode mode, StreamPosition since, IPublicationReader reader)
    : Subscriber(owner, "", mode, since)
{
    private StreamPosition _position = since;

    /// <summary>The newest that the reader has.</summary>
    public StreamPosition Position => _position;

    public override void Joining(StreamPosition position, bool recovered)
    {
        if (!recovered) _position = position;
        reader.Begins(channel, position, recovered);
    }

    public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
    {
    }

    public override int Deliver(Dispatch dispatch)
    {
        var publications = dispatch.Batch.Publications;
        _position = publications[^1].Position;
        reader.Take(publications);
        return publications.Count;
    }
}
