using System.Buffers.Text;

namespace Broker.Actors.Redis.Subscriptions;

/// <summary>What was read is not RESP2, or larger than allowed: the connection is of no more use.</summary>
internal sealed class RespProtocolException(string message, bool tooLarge = false) : Exception(message)
{
    public bool TooLarge { get; } = tooLarge;
}

/// <summary>
/// Cuts a byte stream into RESP2 replies. Bytes go in through <see cref="Free"/> and <see cref="Filled"/>; a reply that is not whole yet is looked at again
/// from its start, which costs a few header lines however large its payload is.
/// </summary>
/// <param name="maxFrame">Bytes that one reply may have.</param>
internal sealed class RespReader(int maxFrame)
{
    private const int BaseSize = 64 * 1024;
    private const int MaxLine = 64 * 1024;

    private byte[] _buffer = new byte[BaseSize];
    private int _start;
    private int _end;

    /// <summary>Room for what comes next, never empty.</summary>
    public Span<byte> Free()
    {
        MakeRoom();
        return _buffer.AsSpan(_end);
    }

    public void Filled(int count) => _end += count;

    /// <summary>The next whole reply, if there is one.</summary>
    /// <exception cref="RespProtocolException">It is not RESP2, nested, or too large.</exception>
    public bool TryRead(out RespFrame frame)
    {
        var at = _start;
        frame = default;
        if (at == _end) return false;
        if (_buffer[at] != '*')
        {
            frame = new RespFrame(_buffer, isArray: false);
            return TryReadItem(ref at, ref frame) && Take(at);
        }

        if (!TryReadHeader(ref at, out var count)) return false;
        if (count is < -1 or > RespFrame.MaxItems) throw new RespProtocolException($"an array of {count} replies");

        frame = new RespFrame(_buffer, isArray: true);
        for (var i = 0; i < count; i++)
        {
            if (!TryReadItem(ref at, ref frame)) return false;
        }

        return Take(at);
    }

    private bool Take(int at)
    {
        _start = at;
        return true;
    }

    private bool TryReadItem(ref int at, ref RespFrame frame)
    {
        if (at == _end) return false;

        switch (_buffer[at])
        {
            case (byte)'$': return TryReadBulk(ref at, ref frame);
            case (byte)'+': return TryReadText(RespKind.Simple, ref at, ref frame);
            case (byte)'-': return TryReadText(RespKind.Error, ref at, ref frame);
            case (byte)':':
                if (!TryReadHeader(ref at, out var number)) return false;
                frame.Add(RespKind.Number, at, 0, number);
                return true;
            default: throw new RespProtocolException($"byte 0x{_buffer[at]:X2} begins no reply");
        }
    }

    private bool TryReadBulk(ref int at, ref RespFrame frame)
    {
        if (!TryReadHeader(ref at, out var length)) return false;
        if (length == -1)
        {
            frame.Add(RespKind.Nil, at, 0, 0);
            return true;
        }

        if (length < 0) throw new RespProtocolException($"a length of {length}");
        if (length + (at - _start) > maxFrame) throw new RespProtocolException($"a reply of more than {maxFrame} bytes", tooLarge: true);
        if (length + 2 > _end - at) return false;

        var end = at + (int)length;
        if (_buffer[end] != '\r' || _buffer[end + 1] != '\n') throw new RespProtocolException("a string does not end where it should");

        frame.Add(RespKind.Bulk, at, (int)length, 0);
        at = end + 2;
        return true;
    }

    private bool TryReadText(RespKind kind, ref int at, ref RespFrame frame)
    {
        if (!TryReadLine(at + 1, out var length)) return false;

        frame.Add(kind, at + 1, length, 0);
        at += 1 + length + 2;
        return true;
    }

    /// <summary>A type byte, a number and the line's end.</summary>
    private bool TryReadHeader(ref int at, out long number)
    {
        number = 0;
        if (!TryReadLine(at + 1, out var length)) return false;
        if (!Utf8Parser.TryParse(_buffer.AsSpan(at + 1, length), out number, out var parsed) || parsed != length)
            throw new RespProtocolException("a number was expected");

        at += 1 + length + 2;
        return true;
    }

    private bool TryReadLine(int from, out int length)
    {
        var rest = _buffer.AsSpan(from, _end - from);
        length = rest.IndexOf((byte)'\n') - 1;
        if (length == -1 || (length >= 0 && rest[length] != '\r')) throw new RespProtocolException("a line does not end with CR LF");
        if (length >= 0) return true;
        if (rest.Length > MaxLine) throw new RespProtocolException($"a line of more than {MaxLine} bytes");
        return false;
    }

    private void MakeRoom()
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
            if (_buffer.Length > BaseSize) _buffer = new byte[BaseSize];
            return;
        }

        if (_buffer.Length - _end >= BaseSize / 4) return;

        var unread = _buffer.AsSpan(_start, _end - _start);
        var target = unread.Length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        unread.CopyTo(target);
        (_buffer, _start, _end) = (target, 0, unread.Length);
    }
}
