using Broker.Actors.Settings;

namespace Broker.Actors.Connections;

/// <summary>
/// Owns the way to one client: frames that are already encoded wait in its <see cref="OutboxQueue"/> and leave in as few writes as possible, tried at once by whoever brings them.
/// </summary>
/// <remarks>
/// The relays of a connection offer from their own threads, so there is a lock; it is never held over a write.
/// </remarks>
internal sealed class Outbox
{
    private readonly Lock _gate = new();
    private readonly OutboxQueue _queue;
    private readonly BrokerMetrics? _metrics;
    private readonly Action<CloseReason, Exception?> _closing;
    private IClientTransport? _transport;
    private bool _writing;
    private CloseReason? _closed;

    /// <param name="queue">What waits.</param>
    /// <param name="closing">Told when the outbox closes by its own rule, and what its transport threw.</param>
    /// <param name="metrics">Counts what is written.</param>
    public Outbox(OutboxQueue queue, Action<CloseReason, Exception?> closing, BrokerMetrics? metrics = null)
    {
        _queue = queue;
        _closing = closing;
        _metrics = metrics;
    }

    public int Subscriptions => _queue.Subscriptions;

    /// <summary>The client is there: what has waited leaves now.</summary>
    public void Attach(IClientTransport transport)
    {
        CloseReason? closed = null;
        lock (_gate)
        {
            _transport = transport;
            if (!StartWriting())
            {
                if (_closed is null) return;
                closed = _closed;
            }
        }

        if (closed is { } reason) transport.Close(reason);
        else Write();
    }

    /// <summary>Frames that belong to no subscription.</summary>
    public void Offer(ReadOnlyMemory<byte> frames) => Offer(-1, new FrameSlice(frames, count: 0));

    /// <summary>Frames of the subscription with this index, all that it gets at this moment. Returns how many publications the client had not been given before.</summary>
    public int Offer(int subscription, params ReadOnlySpan<FrameSlice> frames) => Offer(subscription, null, frames);

    /// <summary>As the other, but what nobody writes yet is not written at once: the outbox stands among those that the caller has to <see cref="Write"/> afterwards, on any thread.</summary>
    public int Offer(int subscription, List<Outbox>? unwritten, params ReadOnlySpan<FrameSlice> frames)
    {
        int taken;
        bool slow;
        lock (_gate)
        {
            if (_closed is not null) return 0;

            slow = !_queue.Offer(subscription, frames, out taken);
            if (slow)
            {
                // What waited is not flushed: the client could not read it anyway.
                _closed = CloseReason.Slow;
                _queue.Clear();
            }
            else if (!StartWriting())
            {
                return taken;
            }
        }

        if (slow)
        {
            _metrics?.OverLimit("outbox");
            _closing(CloseReason.Slow, null);
            _transport?.Close(CloseReason.Slow);
        }
        else if (unwritten is not null)
        {
            unwritten.Add(this);
        }
        else
        {
            Write();
        }

        return taken;
    }

    /// <summary>Writes what waits. For whoever has claimed it by an offer, once. Never throws: what a transport does is no fault of whoever brings the frames.</summary>
    public void Write()
    {
        try
        {
            WriteAll();
        }
        catch (Exception failure)
        {
            Fail(failure);
        }
    }

    /// <summary>The subscription's replay has been offered: it, and those after it that wait only for it, may flow.</summary>
    public void Joined(int subscription)
    {
        lock (_gate)
        {
            if (_closed is not null) return;

            _queue.Joined(subscription);
            if (!StartWriting()) return;
        }

        Write();
    }

    /// <summary>Takes nothing more; what waits leaves first, then the client is closed.</summary>
    public void Close(CloseReason reason)
    {
        lock (_gate)
        {
            if (_closed is not null) return;

            _closed = reason;
            _queue.JoinAll();
            if (_transport is null || _writing) return;
            _writing = true;
        }

        Write();
    }

    private bool StartWriting()
    {
        if (_writing || _transport is null || _queue.IsEmpty) return false;

        _writing = true;
        return true;
    }

    private void WriteAll()
    {
        while (Take() is { } frames)
        {
            var write = _transport!.WriteAsync(frames);
            if (!write.IsCompletedSuccessfully)
            {
                _ = WriteLater(write, frames);
                return;
            }

            Written(frames);
        }
    }

    private async Task WriteLater(ValueTask write, List<ReadOnlyMemory<byte>> frames)
    {
        try
        {
            await write;
            Written(frames);
            WriteAll();
        }
        catch (Exception failure)
        {
            Fail(failure);
        }
    }

    /// <summary>Nobody writes any more: a frame may have been cut.</summary>
    private void Fail(Exception failure)
    {
        lock (_gate)
        {
            _closed = CloseReason.InternalError;
            _queue.Clear();
        }

        _closing(CloseReason.InternalError, failure);
        try
        {
            _transport!.Close(CloseReason.InternalError);
        }
        catch (Exception)
        {
            // Its owner has been told of the first.
        }
    }

    private List<ReadOnlyMemory<byte>>? Take()
    {
        CloseReason reason;
        lock (_gate)
        {
            if (_queue.Take() is { } frames) return frames;

            _writing = false;
            if (_closed is not { } closed) return null;
            reason = closed;
        }

        _transport!.Close(reason);
        return null;
    }

    private void Written(List<ReadOnlyMemory<byte>> frames)
    {
        long bytes = 0;
        foreach (var frame in frames) bytes += frame.Length;
        frames.Clear();
        _metrics?.BytesOut(bytes);

        lock (_gate) _queue.Written(frames, bytes);
    }
}
