using System.Buffers;
using Broker.Actors.Channels;
using Broker.Actors.Relays;

namespace Broker.Actors.Connections;

/// <summary>
/// A ws4redis connection's subscription of one channel: frames go straight from the relay's turn into the connection's outbox.
/// </summary>
internal sealed class WireSubscriber(
    IActorRef owner, string origin, JoinMode mode, StreamPosition since, ChannelName channel, Outbox outbox, int index, IWireFormat format, bool echo)
    : Subscriber(owner, origin, mode, since)
{
    // Set between the replay and the first batch; afterwards the slot is the relay's.
    private ReadOnlyMemory<byte>? _slot;
    private bool _isNew = true;

    /// <summary>All up to here has been offered: with another relay it goes on from here. Without an epoch: it has not joined.</summary>
    public StreamPosition Position { get; private set; } = since;

    public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
    {
        _slot = payload;
        var frame = new ArrayBufferWriter<byte>(payload.Length + 16);
        format.Encode(new Publication(channel, default, payload, publishId), frame);
        outbox.Offer(index, new FrameSlice(frame.WrittenMemory, publishId: publishId));
    }

    public override int Deliver(Dispatch dispatch)
    {
        var count = Offer(dispatch);
        Position = dispatch.End;
        return count;
    }

    public override void JoinedLive(StreamPosition position)
    {
        Position = position;
        outbox.Joined(index);
    }

    private int Offer(Dispatch dispatch)
    {
        var runs = Share(dispatch);
        _isNew &= !dispatch.HasContent;
        if (runs.Count == 0) return 0;

        var encoded = dispatch.Batch.Encode(format);
        if (dispatch.HasShared && outbox.Subscriptions > 1) return outbox.Offer(index, dispatch.Unwritten, [.. OneByOne(runs, encoded, dispatch.Batch.Publications)]);
        if (runs.Count == 1) return outbox.Offer(index, dispatch.Unwritten, encoded.Slice(runs[0].First, runs[0].Count));

        var slices = new FrameSlice[runs.Count];
        for (var i = 0; i < slices.Length; i++) slices[i] = encoded.Slice(runs[i].First, runs[i].Count);
        return outbox.Offer(index, dispatch.Unwritten, slices);
    }

    private IReadOnlyList<Run> Share(Dispatch dispatch)
    {
        if (echo) return dispatch.Everything;
        if (!_isNew && !dispatch.IsFrom(Origin)) return dispatch.WithoutRepeats;

        return EchoFilter.Filtered(dispatch.Batch.Publications, _isNew ? _slot : dispatch.Slot, Origin);
    }

    private static IEnumerable<FrameSlice> OneByOne(IReadOnlyList<Run> runs, EncodedBatch encoded, IReadOnlyList<Publication> publications)
    {
        foreach (var run in runs)
            for (var i = run.First; i < run.First + run.Count; i++) yield return encoded.Slice(i, 1, publications[i].Shared ? publications[i].PublishId : null);
    }
}
