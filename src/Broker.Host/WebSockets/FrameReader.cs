using System.Buffers;
using System.Text.Unicode;
using Broker.Actors.Connections;

namespace Broker.Host.WebSockets;

/// <summary>
/// Turns the bytes of one client into messages, pings, pongs and its close, and says which rule a client broke (RFC 6455, the receiving server's side).
/// </summary>
/// <remarks>
/// Bytes are taken as they come, so that a text is refused at its first wrong byte and a message at its announced length. Memory is held only for the part of a message that
/// has arrived; between messages there is none.
/// </remarks>
internal sealed class FrameReader(int maxMessageBytes)
{
    /// <summary>A message in more pieces than this costs more to take apart than to send.</summary>
    internal const int MaxFragments = 4096;

    private const int FirstBufferBytes = 1024;

    private FrameHeader _frame;
    private long _remaining;
    private bool _skipping;
    private bool _closeSkipped;

    private bool _inMessage;
    private bool _isText;
    private int _fragments;
    private byte[]? _buffer;
    private int _length;
    private int _validated;

    /// <summary>
    /// The next thing in the input, which is cut to what was not used. After a violation the input is only searched for the client's close frame.
    /// </summary>
    public Incoming Read(ref ReadOnlySequence<byte> input)
    {
        var received = _skipping ? Skip(ref input) : Next(ref input);
        if (received.Kind == IncomingKind.Violation) SkipToClose();
        return received;
    }

    /// <summary>From here on only the client's close frame is looked for.</summary>
    public void SkipToClose()
    {
        _skipping = true;
        Forget();
    }

    /// <summary>Gives back the memory of an unfinished message.</summary>
    public void Forget()
    {
        if (_buffer is not null) ArrayPool<byte>.Shared.Return(_buffer);

        _buffer = null;
        _inMessage = false;
        _length = _validated = _fragments = 0;
    }

    private Incoming Next(ref ReadOnlySequence<byte> input)
    {
        while (true)
        {
            if (_remaining > 0)
            {
                var piece = ReadPiece(ref input);
                if (piece.Kind != IncomingKind.Nothing || _remaining > 0) return piece;
            }

            if (!FrameHeader.TryRead(input, out var header)) return default;
            if (Judge(header) is { } reason) return new(IncomingKind.Violation, Reason: reason);
            if (!header.IsComplete) return default;

            if (header.IsControl)
            {
                var isWhole = input.Length >= header.Size + header.Length;
                return isWhole ? ReadControl(header, ref input) : default;
            }

            var begun = Begin(header, ref input);
            if (begun.Kind != IncomingKind.Nothing) return begun;
        }
    }

    private CloseReason? Judge(in FrameHeader header)
    {
        if (header.HasReservedBits) return Broken("reserved bits set");
        if (header.Opcode is not (<= Opcode.Binary or >= Opcode.Close and <= Opcode.Pong)) return Broken("reserved opcode");
        if (!header.IsMasked) return Broken("frame not masked");

        if (header.IsControl)
        {
            if (!header.IsFinal) return Broken("fragmented control frame");
            return header.ShortLength > 125 ? Broken("control frame too long") : null;
        }

        if (header.Opcode == Opcode.Continuation && !_inMessage) return Broken("continuation of nothing");
        if (header.Opcode != Opcode.Continuation && _inMessage) return Broken("message within a message");
        if (!header.HasLength) return null;

        if (header.Length < 0 || !header.IsShortestForm) return Broken("invalid length");
        if (header.Length > maxMessageBytes - _length) return CloseReason.TooBig;
        return _fragments >= MaxFragments ? CloseReason.TooBig with { Text = "too many fragments" } : null;

        static CloseReason Broken(string rule) => CloseReason.ProtocolError with { Text = rule };
    }

    private static Incoming ReadControl(in FrameHeader header, ref ReadOnlySequence<byte> input)
    {
        Span<byte> body = stackalloc byte[(int)header.Length];
        Masking.Unmask(input.Slice(header.Size, header.Length), body, header.Mask, 0);

        var received = header.Opcode switch
        {
            Opcode.Ping => new Incoming(IncomingKind.Ping, body.ToArray()),
            Opcode.Pong => new Incoming(IncomingKind.Pong),
            _ => CloseFrame.Read(body),
        };

        // A broken close frame stays in the input: it is still the client's close.
        if (received.Kind != IncomingKind.Violation) input = input.Slice(header.Size + header.Length);
        return received;
    }

    private Incoming Begin(in FrameHeader header, ref ReadOnlySequence<byte> input)
    {
        if (!_inMessage) _isText = header.Opcode == Opcode.Text;

        var isWholeMessage = header.IsFinal && !_inMessage && input.Length - header.Size >= header.Length;
        if (isWholeMessage) return ReadWhole(header, ref input);

        _inMessage = true;
        _fragments++;
        _frame = header;
        _remaining = header.Length;
        input = input.Slice(header.Size);
        return _remaining == 0 && header.IsFinal ? Finish() : default;
    }

    private Incoming ReadWhole(in FrameHeader header, ref ReadOnlySequence<byte> input)
    {
        var message = new byte[header.Length];
        Masking.Unmask(input.Slice(header.Size, header.Length), message, header.Mask, 0);
        input = input.Slice(header.Size + header.Length);

        if (!_isText) return new(IncomingKind.Binary, message);
        return Utf8.IsValid(message) ? new(IncomingKind.Text, message) : new(IncomingKind.Violation, Reason: CloseReason.InvalidPayload);
    }

    private Incoming ReadPiece(ref ReadOnlySequence<byte> input)
    {
        var count = (int)Math.Min(_remaining, input.Length);
        if (count == 0) return default;

        MakeRoom(count);
        Masking.Unmask(input.Slice(0, count), _buffer.AsSpan(_length), _frame.Mask, _frame.Length - _remaining);
        input = input.Slice(count);
        _length += count;
        _remaining -= count;

        if (_isText && !IsTextSoFar()) return new(IncomingKind.Violation, Reason: CloseReason.InvalidPayload);
        return _remaining == 0 && _frame.IsFinal ? Finish() : default;
    }

    private bool IsTextSoFar()
    {
        var isValid = Utf8Prefix.IsValid(_buffer.AsSpan(_validated, _length - _validated), out var whole);
        _validated += whole;
        return isValid;
    }

    private Incoming Finish()
    {
        var isCut = _isText && _validated < _length;
        var received = isCut
            ? new Incoming(IncomingKind.Violation, Reason: CloseReason.InvalidPayload)
            : new Incoming(_isText ? IncomingKind.Text : IncomingKind.Binary, _buffer.AsSpan(0, _length).ToArray());
        Forget();
        return received;
    }

    private void MakeRoom(int count)
    {
        var needed = _length + count;
        if (_buffer is not null && _buffer.Length >= needed) return;

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(FirstBufferBytes, 2 * _length)));
        if (_buffer is not null)
        {
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }

    private Incoming Skip(ref ReadOnlySequence<byte> input)
    {
        while (true)
        {
            var count = Math.Min(_remaining, input.Length);
            input = input.Slice(count);
            _remaining -= count;

            if (_remaining > 0) return default;
            if (_closeSkipped) return new(IncomingKind.Close, Reason: new CloseReason(CloseFrame.NoCode, ""));
            if (!FrameHeader.TryRead(input, out var header) || !header.IsComplete) return default;

            input = input.Slice(header.Size);
            _remaining = header.Length < 0 ? long.MaxValue : header.Length;
            _closeSkipped = header.Opcode == Opcode.Close;
        }
    }
}
