using System.Threading.Channels;

namespace Broker.Engine;

/// <summary>
/// What waits for one node. Bounded in bytes; what does not fit is dropped and counted, nobody waits for room. A frame that is longer than
/// half of what may wait counts as half: it fits now and then, and leaves room for others, but no more than two of them wait.
/// </summary>
internal sealed class SendQueue(long maxBytes, LinkCounters counters)
{
    private readonly Channel<Frame> _frames = Channel.CreateUnbounded<Frame>();
    private long _bytes;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Nothing waits that a link would be made for.</summary>
    public bool IsEmpty => Bytes == 0;

    /// <returns>False if there is no room, or it is closed.</returns>
    public bool TryAdd(Frame frame)
    {
        var weight = WeightOf(frame);
        var waiting = Volatile.Read(ref _bytes);
        while (waiting + weight <= maxBytes)
        {
            var seen = Interlocked.CompareExchange(ref _bytes, waiting + weight, waiting);
            if (seen == waiting)
            {
                if (_frames.Writer.TryWrite(frame))
                {
                    return true;
                }

                Interlocked.Add(ref _bytes, -weight);
                break;
            }

            waiting = seen;
        }

        frame.Return();
        counters.CountDropped();
        return false;
    }

    public ValueTask<bool> WaitAsync(CancellationToken cancel) => _frames.Reader.WaitToReadAsync(cancel);

    public bool TryTake(out Frame frame)
    {
        if (!_frames.Reader.TryRead(out frame))
        {
            return false;
        }

        Interlocked.Add(ref _bytes, -WeightOf(frame));
        return true;
    }

    /// <summary>Nobody will take anything any more: drops what waits, and what still comes.</summary>
    public void Close()
    {
        _frames.Writer.TryComplete();
        Clear();
    }

    /// <summary>Drops what waits.</summary>
    public void Clear()
    {
        while (TryTake(out var frame))
        {
            frame.Return();
            counters.CountDropped();
        }
    }

    // Alive is of no use but on the link that it was meant for: left behind by that one, it is nothing to say.
    private long WeightOf(Frame frame) => frame.Kind == FrameKind.Alive ? 0 : Math.Min(frame.Length, maxBytes / 2);
}

/// <summary>What went over the links of a node since it started.</summary>
internal sealed class LinkCounters
{
    private long _sentFrames;
    private long _sentBytes;
    private long _receivedFrames;
    private long _dropped;
    private long _refused;

    public long SentFrames => Volatile.Read(ref _sentFrames);

    public long SentBytes => Volatile.Read(ref _sentBytes);

    public long ReceivedFrames => Volatile.Read(ref _receivedFrames);

    /// <summary>Frames that found no room or no node, or were being written to a connection as it broke.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Strangers that were cut off.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public void CountSent(long frames, long bytes)
    {
        Interlocked.Add(ref _sentFrames, frames);
        Interlocked.Add(ref _sentBytes, bytes);
    }

    public void CountReceived() => Interlocked.Increment(ref _receivedFrames);

    public void CountDropped(long frames = 1) => Interlocked.Add(ref _dropped, frames);

    public void CountRefused() => Interlocked.Increment(ref _refused);
}
