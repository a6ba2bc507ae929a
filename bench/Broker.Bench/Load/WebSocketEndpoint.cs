using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Broker.Bench.Load;

/// <summary>Owns the client's side of one websocket: handshake, greeting, frames, the end. Reads without allocating.</summary>
internal abstract class WebSocketEndpoint : Endpoint
{
    private const int Close = 8;
    private const int Ping = 9;
    private const int Pong = 10;

    private readonly Greeting _greeting;
    private State _state = State.Handshake;

    protected WebSocketEndpoint(EventLoop loop, WebSocketAddress address, Greeting greeting, IPAddress? source = null, int receiveBuffer = 0)
        : base(loop, address.EndPoint, source, receiveBuffer)
    {
        _greeting = greeting;
        var request = address.Request();
        Wrote(Encoding.ASCII.GetBytes(request, Room(request.Length)));
        loop.Add(this);
        Flush();
    }

    private enum State
    {
        Handshake,
        Greeting,
        Open,
        Closing,
        Ended,
    }

    public bool IsOpen => _state == State.Open;

    /// <summary>The code that the server closed it with, if it did.</summary>
    public int? CloseCode { get; private set; }

    /// <summary>Begins the closing handshake.</summary>
    public void SendClose()
    {
        _state = State.Closing;
        Frame(Close, [0x03, 0xe8]);
        Flush();
    }

    /// <summary>Masked with zeros: what a server does for it is the same.</summary>
    protected void Frame(int opcode, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload = default, ReadOnlySpan<byte> tail = default)
    {
        var length = head.Length + payload.Length + tail.Length;
        var room = Room(length + 14);
        room[0] = (byte)(0x80 | opcode);
        int at;
        if (length < 126)
        {
            room[1] = (byte)(0x80 | length);
            at = 2;
        }
        else if (length <= ushort.MaxValue)
        {
            room[1] = 0x80 | 126;
            BinaryPrimitives.WriteUInt16BigEndian(room[2..], (ushort)length);
            at = 4;
        }
        else
        {
            room[1] = 0x80 | 127;
            BinaryPrimitives.WriteUInt64BigEndian(room[2..], (ulong)length);
            at = 10;
        }

        room.Slice(at, 4).Clear();
        at += 4;
        head.CopyTo(room[at..]);
        payload.CopyTo(room[(at + head.Length)..]);
        tail.CopyTo(room[(at + head.Length + payload.Length)..]);
        Wrote(at + length);
    }

    protected abstract void OnOpen();

    protected abstract void OnMessage(ReadOnlySpan<byte> payload);

    /// <param name="why">Null when the closing handshake was done.</param>
    protected abstract void OnEnd(string? why);

    protected sealed override int Take(ReadOnlySpan<byte> data)
    {
        var at = 0;
        if (_state == State.Handshake)
        {
            at = TakeAnswer(data);
            if (at == 0) return 0;
        }

        while (data.Length - at >= 2)
        {
            var size = data[at + 1] & 0x7f;
            var header = 2;
            if (size >= 126)
            {
                header = size == 126 ? 4 : 10;
                if (data.Length - at < header) break;
                size = header == 4 ? BinaryPrimitives.ReadUInt16BigEndian(data[(at + 2)..]) : checked((int)BinaryPrimitives.ReadUInt64BigEndian(data[(at + 2)..]));
            }

            if (data.Length - at - header < size) break;

            var opcode = data[at] & 0x0f;
            TakeFrame(opcode, data.Slice(at + header, size));
            if (_state == State.Ended) return data.Length;
            at += header + size;
        }

        return at;
    }

    protected sealed override void OnCut(string why) => End(_state == State.Closing ? null : why);

    private int TakeAnswer(ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf("\r\n\r\n"u8);
        if (end < 0) return 0;

        if (!data.StartsWith("HTTP/1.1 101"u8))
        {
            End("the handshake was answered with " + Encoding.ASCII.GetString(data[..Math.Max(0, data.IndexOf("\r\n"u8))]));
            return data.Length;
        }

        _state = _greeting.Until is null ? State.Open : State.Greeting;
        if (_greeting.Says is not null)
        {
            Frame(1, _greeting.Says);
            Flush();
        }

        if (_state == State.Open) OnOpen();
        return end + 4;
    }

    private void TakeFrame(int opcode, ReadOnlySpan<byte> payload)
    {
        switch (opcode)
        {
            case Close:
                if (_state == State.Closing)
                {
                    End(null);
                    return;
                }

                CloseCode = payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : 1005;
                Frame(Close, payload[..Math.Min(2, payload.Length)]);
                Flush();
                End($"the server closed the websocket with {CloseCode}");
                break;
            case Ping:
                Frame(Pong, payload);
                Flush();
                break;
            case Pong:
                break;
            default:
                if (_state != State.Greeting)
                {
                    OnMessage(payload);
                }
                else if (payload.IndexOf(_greeting.Until) >= 0)
                {
                    _state = State.Open;
                    OnOpen();
                }

                break;
        }
    }

    private void End(string? why)
    {
        if (_state == State.Ended) return;

        _state = State.Ended;
        Loop.Remove(this);
        OnEnd(why);
    }
}
