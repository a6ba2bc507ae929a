using System.Threading.Channels;

namespace Broker.Engine;

/// <summary>What waits for one node. Bounded in bytes; what does not fit is dropped and counted, nobody waits for room.</summary>
internal sealed class SendQueue(long maxBytes, LinkCounters counters)
{
    private readonly Channel<Frame> _frames = Channel.CreateUnbounded<Frame>();
    private long _bytes;

    public long Bytes => Volatile.Read(ref _bytes);

    public bool IsEmpty => Bytes == 0;

    /// <returns>False if there is no room.</returns>
    public bool TryAdd(Frame frame)
    {
        // The length is read before the frame is another's: once queued it may be sent and its bytes rented out again.
        var length = frame.Length;
        if (Interlocked.Add(ref _bytes, length) > maxBytes || !_frames.Writer.TryWrite(frame))
        {
            Interlocked.Add(ref _bytes, -length);
            frame.Return();
            counters.CountDropped();
            return false;
        }

        return true;
    }

    public ValueTask<bool> WaitAsync(CancellationToken cancel) => _frames.Reader.WaitToReadAsync(cancel);

    public bool TryTake(out Frame frame)
    {
        if (!_frames.Reader.TryRead(out frame))
        {
            return false;
        }

        Interlocked.Add(ref _bytes, -frame.Length);
        return true;
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

    /// <summary>Frames that found no room or no node.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Strangers that were cut off.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public void CountSent(long frames, long bytes)
    {
        Interlocked.Add(ref _sentFrames, frames);
        Interlocked.Add(ref _sentBytes, bytes);
    }

    public void CountReceived() => Interlocked.Increment(ref _receivedFrames);

    public void CountDropped() => Interlocked.Increment(ref _dropped);

    public void CountRefused() => Interlocked.Increment(ref _refused);
}
