using System.Buffers;
using System.IO.Pipelines;
using Broker.Actors.Connections;

namespace Broker.Host.WebSockets;

/// <summary>
/// Owns the writing side of one websocket: one flush at a time, whole frames only, the close frame last.
/// </summary>
/// <remarks>
/// Whoever brings something while nobody is flushing writes it on his own thread; whoever comes during a flush leaves it to the flusher. So frames of different
/// origin (data, pongs, pings, the close) never cut each other and nobody waits for a lock longer than a copy takes.
/// </remarks>
internal sealed class WebSocketTransport : IClientTransport
{
    /// <summary>What is copied into the pipe before the client must take it: a slow client holds this much of its own besides what it shares with others.</summary>
    private const int MaxBytesPerFlush = 64 * 1024;

    private readonly WebSocketPipe _pipe;
    private readonly WebSocketSettings _settings;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();

    private bool _flushing;
    private bool _gone;
    private bool _ended;
    private TaskCompletionSource? _idle;

    private IReadOnlyList<ReadOnlyMemory<byte>>? _frames;
    private int _next;
    private TaskCompletionSource? _written;

    private ReadOnlyMemory<byte>? _pong;
    private bool _pingWanted;

    private volatile bool _closing;
    private volatile bool _timedOut;
    private CloseReason _reason;
    private bool _closeWritten;
    private ITimer? _deadline;
    private long _lastHeard;
    private long _lastPinged;

    public WebSocketTransport(WebSocketPipe pipe, WebSocketSettings settings, TimeProvider time)
    {
        _pipe = pipe;
        _settings = settings;
        _time = time;
        _lastHeard = _lastPinged = time.GetTimestamp();
    }

    /// <summary>When anything was last received: a <see cref="TimeProvider.GetTimestamp"/> of the time provider in use.</summary>
    public long LastHeard => Volatile.Read(ref _lastHeard);

    /// <summary>True once the connection is to end: what still comes from the client counts no more.</summary>
    public bool IsClosing => _closing;

    /// <summary>True if the client was cut off because it did not read, or did not answer the close, in time.</summary>
    public bool TimedOut => _timedOut;

    /// <summary>Why it ends. Only meaningful while <see cref="IsClosing"/>.</summary>
    public CloseReason Reason => _reason;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The write before this one is not complete.</exception>
    public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        lock (_gate)
        {
            if (IsOver) return default;
            if (_frames is not null) throw new InvalidOperationException("one write at a time");

            _frames = frames;
            _next = 0;
            if (!TryBegin())
            {
                _written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return new ValueTask(_written.Task);
            }
        }

        return FlushAsync();
    }

    /// <inheritdoc/>
    public void Close(CloseReason reason) => TryClose(reason);

    /// <summary>As <see cref="Close"/>; false if it was already closing.</summary>
    public bool TryClose(CloseReason reason)
    {
        lock (_gate)
        {
            if (_closing || _ended) return false;

            _reason = reason;
            _closing = true;
            _deadline = _time.CreateTimer(static transport => ((WebSocketTransport)transport!).CutOff(), this, _settings.CloseTimeout, Timeout.InfiniteTimeSpan);
            if (_gone || !TryBegin()) return true;
        }

        _ = FlushAsync().AsTask();
        return true;
    }

    /// <inheritdoc/>
    public void Beat()
    {
        var silence = _time.GetElapsedTime(LastHeard);
        if (silence >= _settings.DeadAfter)
        {
            Close(CloseReason.NoPong);
            return;
        }

        if (silence < _settings.PingInterval || _time.GetElapsedTime(_lastPinged) < _settings.PingInterval) return;
        _lastPinged = _time.GetTimestamp();
        Ping();
    }

    /// <summary>Asks the client for a sign of life; the answer shows in <see cref="LastHeard"/>.</summary>
    public void Ping()
    {
        lock (_gate)
        {
            if (IsOver) return;

            _pingWanted = true;
            if (!TryBegin()) return;
        }

        _ = FlushAsync().AsTask();
    }

    /// <summary>Answers a ping. Of several that cannot be written yet only the latest is answered, as RFC 6455 allows.</summary>
    public void Pong(ReadOnlyMemory<byte> payload)
    {
        lock (_gate)
        {
            if (IsOver) return;

            _pong = payload;
            if (!TryBegin()) return;
        }

        _ = FlushAsync().AsTask();
    }

    /// <summary>Notes that something was received, or that the client was not listened to until now.</summary>
    public void Heard() => Volatile.Write(ref _lastHeard, _time.GetTimestamp());

    /// <summary>
    /// Takes nothing more and completes when the output is left alone: the server takes the pipe's memory back afterwards, a late write would land in somebody else's.
    /// </summary>
    public async ValueTask EndAsync()
    {
        var idle = Task.CompletedTask;
        lock (_gate)
        {
            _ended = true;
            if (_flushing) idle = (_idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        await idle;
        await _pipe.ReleaseAsync(_deadline);
    }

    /// <summary>Nothing more is taken. To be asked with the gate held.</summary>
    private bool IsOver => _closing || _ended || _gone;

    private void CutOff()
    {
        _timedOut = true;
        _pipe.Abort();
    }

    /// <summary>Makes the caller the flusher, unless somebody else is. To be called with the gate held.</summary>
    private bool TryBegin()
    {
        if (_flushing) return false;

        _flushing = true;
        Append();
        return true;
    }

    /// <summary>Flushes until nothing is left to write. Never throws.</summary>
    private ValueTask FlushAsync()
    {
        do
        {
            var flush = StartFlush();
            if (!flush.IsCompletedSuccessfully) return FinishAsync(flush);

            _gone |= flush.Result.IsCompleted;
        }
        while (Continue());

        return default;
    }

    private async ValueTask FinishAsync(ValueTask<FlushResult> flush)
    {
        while (true)
        {
            try
            {
                _gone |= (await flush).IsCompleted;
            }
            catch (Exception)
            {
                // Whatever a layer below throws (socket, TLS, HTTP/2), it carries nothing more. The reading side ends the connection.
                _gone = true;
            }

            if (!Continue()) return;
            flush = StartFlush();
        }
    }

    private ValueTask<FlushResult> StartFlush()
    {
        try
        {
            return _pipe.Output.FlushAsync();
        }
        catch (Exception)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
        }
    }

    /// <summary>After a flush: appends what has come up meanwhile; false if there is nothing and nobody flushes any more.</summary>
    private bool Continue()
    {
        // A frame may have been cut: nothing may follow it, and whoever reads must see the end.
        if (_gone) _pipe.Abort();

        lock (_gate)
        {
            if (_gone) Drop();

            if (_frames is null)
            {
                _written?.TrySetResult();
                _written = null;
            }

            var hasMore = _frames is not null || _pong is not null || _pingWanted || (_closing && !_closeWritten);
            if (hasMore)
            {
                Append();
                return true;
            }

            _flushing = false;
            _idle?.TrySetResult();
            return false;
        }
    }

    private void Drop()
    {
        _frames = null;
        _pong = null;
        _pingWanted = false;
        _closeWritten = true;
    }

    /// <summary>Control frames come between writes: the buffers of one write may share a frame.</summary>
    private void Append()
    {
        AppendFrames();
        if (_frames is not null) return;

        if (_pong is { } payload) Frames.WritePong(_pipe.Output, payload.Span);
        if (_pingWanted) Frames.WritePing(_pipe.Output);
        _pong = null;
        _pingWanted = false;

        if (!_closing || _closeWritten) return;
        Frames.WriteClose(_pipe.Output, _reason);
        _closeWritten = true;
    }

    private void AppendFrames()
    {
        if (_frames is null) return;

        for (long bytes = 0; _next < _frames.Count && bytes < MaxBytesPerFlush; _next++)
        {
            var frame = _frames[_next];
            _pipe.Output.Write(frame.Span);
            bytes += frame.Length;
        }

        if (_next == _frames.Count) _frames = null;
    }
}
