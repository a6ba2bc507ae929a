using System.Buffers;
using Broker.Actors.Rich.Protocol;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.Fuzz;

/// <summary>
/// What a server must make of the bytes of one client. Where messages are in them <see cref="FrameReader"/> says, and what commands are in a message <see cref="RichEncoding"/>: these have
/// tests of their own. Here is what a client is closed for.
/// </summary>
/// <param name="longest">Bytes of a message.</param>
/// <param name="encoding">A rich client's; null: any message is a payload.</param>
internal sealed class Judge(int longest, RichEncoding? encoding)
{
    /// <summary>As in reference.conf.</summary>
    public const int CommandsPerFrame = 128;

    private readonly FrameReader _reader = new(longest);
    private byte[] _rest = [];
    private bool _isConnected;
    private bool _isOver;

    /// <summary>The code that the client must be told; null: it stays.</summary>
    public int? Code { get; private set; }

    /// <summary>
    /// Or this one: of a frame that was there already when the message before it was found to be wrong. Frames are read on while messages are dealt with, and who is first has the word.
    /// </summary>
    public int? OrCode { get; private set; }

    /// <summary>The newest whole message.</summary>
    public ReadOnlyMemory<byte> Last { get; private set; }

    public void Take(byte[] bytes)
    {
        var input = new ReadOnlySequence<byte>([.. _rest, .. bytes]);
        while (!_isOver && _reader.Read(ref input) is { Kind: not IncomingKind.Nothing } received) Take(received);
        _rest = input.ToArray();
    }

    private void Take(Incoming received)
    {
        switch (received.Kind)
        {
            case IncomingKind.Close or IncomingKind.Violation:
                if (Code is null) Code = received.Reason.Code;
                else OrCode = received.Reason.Code;
                _isOver = true;
                break;
            case IncomingKind.Text or IncomingKind.Binary when Code is null:
                Last = received.Payload;
                if (encoding is not null) Read(encoding, received.Payload);
                break;
        }
    }

    private void Read(RichEncoding encoding, ReadOnlyMemory<byte> message)
    {
        if (!encoding.TryRead(message, CommandsPerFrame, out var commands, out _)) Code = 3501;
        else foreach (var command in commands) Code ??= CodeOf(command);
    }

    private int? CodeOf(Command command)
    {
        if (command is Connect connect)
        {
            if (_isConnected) return 3501;
            if (connect.Token.Length > 0) return 3500;

            _isConnected = true;
            return null;
        }

        if (!_isConnected) return 3501;
        return command switch
        {
            Subscribe { Channel: "" } or Unsubscribe { Channel: "" } or Publish { Channel: "" } or ReadHistory { Channel: "" } => 3501,
            ReadPresence { Channel: "" } or ReadPresenceStats { Channel: "" } or SubRefresh { Channel: "" } or Refresh { Token: "" } => 3501,
            Refresh => 3500,
            _ => null,
        };
    }
}
