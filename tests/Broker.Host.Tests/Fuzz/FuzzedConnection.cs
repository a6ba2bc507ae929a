using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.Fuzz;

/// <summary>How a hostile client leaves.</summary>
internal enum Leaving
{
    /// <summary>As it should, and it waits for the server's end.</summary>
    Closes,

    /// <summary>Its connection ends without a word.</summary>
    Ends,

    /// <summary>It is gone.</summary>
    Resets,
}

/// <summary>One websocket of a hostile client: sends what it is given, and finds out whether it was closed.</summary>
internal sealed class FuzzedConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    private FuzzedConnection()
    {
    }

    public static async Task<FuzzedConnection> OpenAsync(int port, string target)
    {
        var connection = new FuzzedConnection();
        await connection._socket.ConnectAsync(IPAddress.Loopback, port);
        await connection._socket.SendAsync(Encoding.ASCII.GetBytes(RawClient.Handshake.Replace("/ws/foobar", target, StringComparison.Ordinal)));
        await connection.ReadHeadAsync();
        return connection;
    }

    /// <summary>Sends it all, however much of it the server takes.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        try
        {
            for (var sent = 0; sent < bytes.Length;) sent += await _socket.SendAsync(bytes.AsMemory(sent));
        }
        catch (SocketException)
        {
            // It is closed already.
        }
    }

    /// <summary>Reads to the message that is awaited, or to the end: the code of the close; 1006 without one.</summary>
    /// <param name="isAwaited">Asked of each message; null for none: only the end is awaited.</param>
    /// <param name="check">Throws for a message that is not whole.</param>
    public async Task<int?> ReadAsync(Func<ReadOnlyMemory<byte>, bool>? isAwaited, Action<ReadOnlyMemory<byte>> check)
    {
        while (true)
        {
            if (await ReadFrameAsync() is not var (opcode, payload)) return CloseFrame.Lost;

            switch (opcode)
            {
                case Opcode.Close:
                    return payload.Length < 2 ? CloseFrame.NoCode : BinaryPrimitives.ReadUInt16BigEndian(payload.Span);
                case Opcode.Text or Opcode.Binary:
                    check(payload);
                    if (isAwaited?.Invoke(payload) == true) return null;
                    break;
            }
        }
    }

    public async Task LeaveAsync(Leaving how)
    {
        if (how == Leaving.Resets) _socket.LingerState = new LingerOption(true, 0);
        if (how != Leaving.Closes) return;

        await SendAsync(ClientFrames.Close(1000));
        while (await ReadFrameAsync() is not null)
        {
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task ReadHeadAsync()
    {
        while (true)
        {
            Assert.True(await FillAsync(), "the handshake was not answered");
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8);
            if (end < 0) continue;

            Assert.StartsWith("HTTP/1.1 101 ", Encoding.ASCII.GetString(_buffer, _start, end), StringComparison.Ordinal);
            _start += end + 4;
            return;
        }
    }

    /// <summary>Null at the connection's end. The payload counts until the next read.</summary>
    private async Task<(Opcode Opcode, ReadOnlyMemory<byte> Payload)?> ReadFrameAsync()
    {
        while (true)
        {
            if (TryFrame(out var frame)) return frame;
            if (!await FillAsync()) return null;
        }
    }

    private bool TryFrame(out (Opcode Opcode, ReadOnlyMemory<byte> Payload) frame)
    {
        frame = default;
        var bytes = _buffer.AsSpan(_start, _end - _start);
        if (bytes.Length < 2) return false;

        var (header, length) = (2, (long)bytes[1]);
        if (length == 126)
        {
            if (bytes.Length < 4) return false;
            (header, length) = (4, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
        }
        else if (length == 127)
        {
            if (bytes.Length < 10) return false;
            (header, length) = (10, BinaryPrimitives.ReadInt64BigEndian(bytes[2..]));
        }

        if (bytes.Length < header + length) return false;

        frame = ((Opcode)(bytes[0] & 0x0F), _buffer.AsMemory(_start + header, (int)length));
        _start += header + (int)length;
        return true;
    }

    private async Task<bool> FillAsync()
    {
        if (_start > 0)
        {
            Array.Copy(_buffer, _start, _buffer, 0, _end - _start);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length) Array.Resize(ref _buffer, 2 * _end);
        try
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_end));
            _end += read;
            return read > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
