using System.Net;
using System.Net.Sockets;

namespace Broker.Bench.Load;

/// <summary>One socket of the generator. Nothing of it blocks but the connecting.</summary>
internal abstract class Endpoint
{
    private const int BindWithoutPort = 24;

    private byte[] _left = [];
    private int _leftLength;
    private byte[] _out = [];
    private int _outStart;
    private int _outLength;

    protected Endpoint(EventLoop loop, IPEndPoint address, IPAddress? source = null, int receiveBuffer = 0)
    {
        Loop = loop;
        Socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0) Socket.ReceiveBufferSize = receiveBuffer;
        if (source is not null)
        {
            Span<byte> on = [1, 0, 0, 0];
            Socket.SetRawSocketOption(0, BindWithoutPort, on);
            Socket.Bind(new IPEndPoint(source, 0));
        }

        Socket.Connect(address);
        Socket.Blocking = false;
    }

    public Socket Socket { get; }

    /// <summary>Its place in the loop; negative when it is not in it.</summary>
    public int Key { get; set; } = -1;

    public int Waiting => _outLength;

    protected EventLoop Loop { get; }

    /// <summary>Reads once; a loop calls it when there is something.</summary>
    public void Read()
    {
        var buffer = Loop.Buffer;
        _left.AsSpan(0, _leftLength).CopyTo(buffer);
        var count = Socket.Receive(buffer.AsSpan(_leftLength), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock) return;
        if (count == 0 || error != SocketError.Success)
        {
            OnCut(error == SocketError.Success ? "the server closed the connection" : error.ToString());
            return;
        }

        var data = buffer.AsSpan(0, _leftLength + count);
        Keep(data[Take(data)..]);
    }

    /// <summary>Sends what it can; the rest waits for the next flush.</summary>
    public void Flush()
    {
        while (_outLength > 0)
        {
            var sent = Socket.Send(_out.AsSpan(_outStart, _outLength), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return;
            if (error != SocketError.Success)
            {
                OnCut(error.ToString());
                return;
            }

            _outStart += sent;
            _outLength -= sent;
        }

        _outStart = 0;
    }

    /// <summary>Takes what is complete and says how many bytes that was.</summary>
    protected abstract int Take(ReadOnlySpan<byte> data);

    protected abstract void OnCut(string why);

    /// <summary>Room behind what waits to be sent; <see cref="Wrote"/> says how much of it was used.</summary>
    protected Span<byte> Room(int size)
    {
        if (_outStart + _outLength + size > _out.Length)
        {
            var larger = _outLength + size > _out.Length ? new byte[Math.Max(512, 2 * (_outLength + size))] : _out;
            _out.AsSpan(_outStart, _outLength).CopyTo(larger);
            (_out, _outStart) = (larger, 0);
        }

        return _out.AsSpan(_outStart + _outLength);
    }

    protected void Wrote(int size) => _outLength += size;

    /// <summary>An endpoint that only reads from now on needs no room for sending.</summary>
    protected void ForgetRoom()
    {
        if (_outLength == 0) _out = [];
    }

    private void Keep(ReadOnlySpan<byte> rest)
    {
        if (rest.Length == Loop.Buffer.Length) throw new InvalidOperationException("a frame is larger than the generator's buffer");
        if (rest.Length > _left.Length) _left = new byte[Math.Max(256, 2 * rest.Length)];
        rest.CopyTo(_left);
        _leftLength = rest.Length;
    }
}
