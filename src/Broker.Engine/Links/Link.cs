using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;

namespace Broker.Engine;

/// <summary>One connection to a node that has proved itself: writes what waits for the node, hands on what comes from it, ends when silent.</summary>
internal sealed class Link : IDisposable
{
    /// <summary>What goes out in one write; a frame that is longer goes as it is, without a copy.</summary>
    private const int WriteLength = 64 * 1024;

    private static readonly TimeSpan RetirePatience = TimeSpan.FromSeconds(1);

    private readonly Wire _wire;
    private readonly RemoteNode _node;
    private readonly Links _links;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _writeStop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lazy<Task> _finish;
    private Task _writing = Task.CompletedTask;
    private long _lastRead = Stopwatch.GetTimestamp();
    private bool _isHandling;
    private int _unflushedFrames;
    private long _unflushedBytes;
    private bool _hasWritten;
    private int _isAborted;

    public Link(Wire wire, RemoteNode node, Links links, NodeIdentity peer, bool isDialledHere)
    {
        (_wire, _node, _links, Peer) = (wire, node, links, peer);
        _finish = new Lazy<Task>(FinishWritingAsync);
        IsDialledBySmaller = isDialledHere == links.Self.CompareTo(peer) < 0;
    }

    public NodeIdentity Peer { get; }

    /// <summary>Dialled by the node with the smaller id.</summary>
    public bool IsDialledBySmaller { get; }

    /// <summary>Completes when nothing more comes from it.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Carries frames until it ends.</summary>
    /// <param name="predecessor">Completes when the link before this one carries nothing more: order is kept from one to the next.</param>
    public async Task RunAsync(Task predecessor)
    {
        try
        {
            await predecessor.ConfigureAwait(false);
            using (new Timer(_ => LookAtClock(), null, _links.Settings.KeepAlive, _links.Settings.KeepAlive))
            {
                BeginWriting();
                await ReadAllAsync().ConfigureAwait(false);
            }

            await _finish.Value.ConfigureAwait(false);
        }
        finally
        {
            // Whatever happened: a link that is not said to have ended is never followed by another.
            Abort();
            _ended.TrySetResult();
            _node.OnEnded(this);
        }
    }

    /// <summary>
    /// The link that is there stays, but the other side may have taken this one first and said something on it: reads that, and says nothing.
    /// The other side ends it when it learns of the one that stays.
    /// </summary>
    /// <param name="closed">The node is gone, or this one stops.</param>
    public async Task DrainAsync(Task closed)
    {
        using (new Timer(_ => Abort(), null, _links.Settings.Silence, Timeout.InfiniteTimeSpan))
        {
            await Task.WhenAny(ReadAllAsync(), closed).ConfigureAwait(false);
        }

        Abort();
    }

    /// <summary>Another link takes its place: sends no more, and reads what is still on its way.</summary>
    public async Task RetireAsync()
    {
        await _finish.Value.ConfigureAwait(false);
        await Task.WhenAny(Ended, Task.Delay(RetirePatience)).ConfigureAwait(false);
        Abort();
    }

    public void Dispose() => Abort();

    public void Abort()
    {
        if (Interlocked.Exchange(ref _isAborted, 1) == 0)
        {
            _writeStop.Cancel();
            _wire.Dispose();
        }
    }

    private async Task ReadAllAsync()
    {
        try
        {
            await ReadAsync().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            OnBroken(failure);
        }
    }

    /// <summary>The node sees to another connection. What one throws that is disposed of under a running write is not foreseeable.</summary>
    private void OnBroken(Exception failure)
    {
        if (failure is not (IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException
            or SocketException or TimeoutException) && Volatile.Read(ref _isAborted) == 0)
        {
            _links.Log.Error($"The link to {Peer.Address} failed", failure);
        }

        Abort();
    }

    /// <summary>
    /// Not when it retires already: a write behind the end that the other side was told would break the connection, and with it what is still
    /// to be read from it.
    /// </summary>
    private void BeginWriting()
    {
        lock (_gate)
        {
            _writing = _writeStop.IsCancellationRequested ? Task.CompletedTask : WriteAsync();
        }
    }

    /// <summary>
    /// Writes out what has been taken from the queue, and tells the other side that there is no more. Once, whoever asks for it first: two
    /// must not write at a time.
    /// </summary>
    private async Task FinishWritingAsync()
    {
        Task stopped;
        lock (_gate)
        {
            stopped = _writeStop.CancelAsync();
        }

        await stopped.ConfigureAwait(false);
        try
        {
            await _writing.WaitAsync(RetirePatience).ConfigureAwait(false);
            if (_node.IsClosed)
            {
                // No other link will take it.
                await WriteWaitingAsync().WaitAsync(RetirePatience).ConfigureAwait(false);
            }

            await _wire.FinishAsync().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            OnBroken(failure);
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var read = await _wire.Reader.ReadAsync().ConfigureAwait(false);
            Volatile.Write(ref _isHandling, true);
            var buffer = read.Buffer;
            if (!HandleAll(ref buffer))
            {
                _links.Log.Warning($"The link to {Peer.Address} is cut: what came over it is no frame of ours");
                return;
            }

            _wire.Reader.AdvanceTo(buffer.Start, buffer.End);
            Volatile.Write(ref _lastRead, Stopwatch.GetTimestamp());
            Volatile.Write(ref _isHandling, false);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>
    /// All frames that are there. What those before the last one set going is for other threads: one that a publication waits for on this one
    /// would hold up all that came behind it, and nothing that waits there could be put together.
    /// </summary>
    private bool HandleAll(ref ReadOnlySequence<byte> buffer)
    {
        var worker = Worker.Current;
        try
        {
            while (true)
            {
                var outcome = Frame.TryRead(ref buffer, _links.Settings.MaxFrame, out var kind, out var payload);
                if (outcome == FrameRead.Incomplete)
                {
                    return true;
                }

                worker.IsHurried = !buffer.IsEmpty;
                if (outcome == FrameRead.Garbage || !Handle(kind, payload))
                {
                    return false;
                }
            }
        }
        finally
        {
            worker.IsHurried = false;
        }
    }

    private bool Handle(FrameKind kind, ReadOnlySequence<byte> payload)
    {
        _links.Counters.CountReceived();
        if (payload.IsSingleSegment)
        {
            return _node.OnFrame(kind, payload.FirstSpan);
        }

        var length = (int)payload.Length;
        var whole = Frame.RentBytes(length);
        payload.CopyTo(whole);
        var isGood = _node.OnFrame(kind, whole.AsSpan(0, length));
        Frame.ReturnBytes(whole);
        return isGood;
    }

    private async Task WriteAsync()
    {
        var queue = _node.Queue;
        var stop = _writeStop.Token;
        try
        {
            // What the other side must know whatever was lost before; once, at the beginning of each link.
            foreach (var frame in _node.Opening())
            {
                await WriteAsync(frame).ConfigureAwait(false);
            }

            await FlushAsync().ConfigureAwait(false);
            while (await queue.WaitAsync(stop).ConfigureAwait(false))
            {
                while (!stop.IsCancellationRequested && queue.TryTake(out var frame))
                {
                    await WriteAsync(frame).ConfigureAwait(false);
                }

                await FlushAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It retires, or has ended; what was taken from the queue has been flushed.
        }
        catch (Exception failure)
        {
            OnBroken(failure);
        }
    }

    private async Task WriteWaitingAsync()
    {
        while (_node.Queue.TryTake(out var frame))
        {
            await WriteAsync(frame).ConfigureAwait(false);
        }

        await FlushAsync().ConfigureAwait(false);
    }

    private ValueTask WriteAsync(Frame frame)
    {
        if (!_node.Watches.IsSo(frame))
        {
            frame.Return();
            return ValueTask.CompletedTask;
        }

        if (frame.Length - Frame.HeaderLength > _wire.MaxFrame)
        {
            _links.DropTooLong(Peer.Address, frame.Length);
            frame.Return();
            return ValueTask.CompletedTask;
        }

        _hasWritten = true;
        _unflushedFrames++;
        _unflushedBytes += frame.Length;
        if (frame.Length > WriteLength)
        {
            return WriteLongAsync(frame);
        }

        frame.Memory.Span.CopyTo(_wire.Writer.GetSpan(frame.Length));
        _wire.Writer.Advance(frame.Length);
        frame.Return();

        // Together in one write, but not without end.
        return _wire.Writer.UnflushedBytes < WriteLength ? ValueTask.CompletedTask : FlushAsync();
    }

    private async ValueTask WriteLongAsync(Frame frame)
    {
        await FlushAsync(frame.Memory).ConfigureAwait(false);
        frame.Return();
    }

    /// <summary>What the kernel has taken counts as sent: whether it arrives nobody knows.</summary>
    /// <param name="last">Goes with it, without a copy.</param>
    private async ValueTask FlushAsync(ReadOnlyMemory<byte> last = default)
    {
        var (frames, bytes) = (_unflushedFrames, _unflushedBytes);
        (_unflushedFrames, _unflushedBytes) = (0, 0);
        try
        {
            await _wire.Writer.WriteAsync(last).ConfigureAwait(false);
            _links.Counters.CountSent(frames, bytes);
        }
        catch
        {
            _links.Counters.CountDropped(frames);
            throw;
        }
    }

    private void LookAtClock()
    {
        if (!Volatile.Read(ref _isHandling) && Stopwatch.GetElapsedTime(Volatile.Read(ref _lastRead)) > _links.Settings.Silence)
        {
            Abort();
            return;
        }

        if (!_hasWritten)
        {
            _node.Queue.TryAdd(Frame.Of(FrameKind.Alive, []));
        }

        _hasWritten = false;
    }
}

/// <summary>Which of two links between the same nodes stays, so that both come to the same answer.</summary>
internal static class LinkChoice
{
    /// <summary>
    /// Both may dial at once, and one may not have noticed yet that the other's end is broken. The one dialled by the smaller node stays;
    /// of two that the same node dialled, the newer one; a node's new life ends its former life's link.
    /// </summary>
    public static bool Replaces(Link? current, NodeIdentity peer, bool isDialledBySmaller) =>
        current is null || current.Peer.Uid != peer.Uid || isDialledBySmaller || !current.IsDialledBySmaller;
}
