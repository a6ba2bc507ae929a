using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Broker.Host.WebSockets;

/// <summary>
/// Writes straight to a connection's socket: what is flushed is sent at once, on the caller's thread; only what the socket does not take waits, on nobody's. An idle
/// writer has no buffer.
/// </summary>
/// <remarks>
/// In place of a Kestrel connection's own output pipe, into which nothing may be written then. Its way through a pipe and a second loop costs a tenth of a small write
/// (bench/README.md). One flush at a time, as with any pipe.
/// </remarks>
internal sealed class SocketWriter : PipeWriter
{
    private const int FirstBytes = 4 * 1024;

    /// <summary>A buffer that has grown larger goes back to the pool.</summary>
    private const int KeptBytes = 128 * 1024;

    // Between two flushes one thread writes and flushes: it lends its buffer.
    [ThreadStatic]
    private static byte[]? _unused;

    private readonly Socket _socket;
    private byte[]? _buffer;
    private int _length;

    /// <param name="socket">A connected one; it is made non-blocking.</param>
    public SocketWriter(Socket socket)
    {
        socket.Blocking = false;
        _socket = socket;
    }

    public override void Advance(int bytes) => _length += bytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => Room(sizeHint).AsMemory(_length);

    public override Span<byte> GetSpan(int sizeHint = 0) => Room(sizeHint).AsSpan(_length);

    /// <summary>Completes when all is sent. The result says "completed" when the connection carries nothing any more; it throws nothing.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_buffer is not { } buffer) return default;

        var (sent, end) = (0, _length);
        try
        {
            sent = _socket.Send(buffer.AsSpan(0, end), SocketFlags.None, out var error);
            if (error is not (SocketError.Success or SocketError.WouldBlock)) return new(Gone());
        }
        catch (ObjectDisposedException)
        {
            return new(Gone());
        }

        if (sent < end) return RestAsync(buffer, sent);

        GiveBack(buffer);
        return default;
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }

    private async ValueTask<FlushResult> RestAsync(byte[] buffer, int sent)
    {
        try
        {
            for (var end = _length; sent < end;) sent += await _socket.SendAsync(buffer.AsMemory(sent, end - sent), SocketFlags.None);
        }
        catch (Exception cut) when (cut is SocketException or ObjectDisposedException)
        {
            return Gone();
        }

        GiveBack(buffer);
        return default;
    }

    /// <summary>The buffer is nobody's: the system may still read it.</summary>
    private FlushResult Gone()
    {
        _buffer = null;
        _length = 0;
        return new FlushResult(isCanceled: false, isCompleted: true);
    }

    private byte[] Room(int sizeHint)
    {
        if (_buffer is null)
        {
            _buffer = _unused ?? ArrayPool<byte>.Shared.Rent(FirstBytes);
            _unused = null;
        }

        var needed = _length + Math.Max(1, sizeHint);
        if (needed <= _buffer.Length) return _buffer;

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _buffer.Length));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        return _buffer = larger;
    }

    private void GiveBack(byte[] buffer)
    {
        _buffer = null;
        _length = 0;
        if (_unused is null && buffer.Length <= KeptBytes) _unused = buffer;
        else ArrayPool<byte>.Shared.Return(buffer);
    }
}
