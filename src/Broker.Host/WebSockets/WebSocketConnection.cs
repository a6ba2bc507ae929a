using System.Buffers;
using System.IO.Pipelines;
using Broker.Actors.Connections;

namespace Broker.Host.WebSockets;

/// <summary>
/// Owns the reading side of one websocket from its upgrade to its one ending: hands messages on, answers pings, keeps the closing handshake.
/// </summary>
internal sealed class WebSocketConnection
{
    private readonly WebSocketPipe _pipe;
    private readonly FrameReader _reader;
    private Ending? _cause;
    private bool _clientClosed;

    public WebSocketConnection(WebSocketPipe pipe, WebSocketSettings settings, TimeProvider time)
    {
        _pipe = pipe;
        _reader = new FrameReader(settings.MaxMessageBytes);
        Transport = new WebSocketTransport(pipe, settings, time);
    }

    /// <summary>The writing side; to end the connection, close it.</summary>
    public WebSocketTransport Transport { get; }

    /// <summary>
    /// Reads until the connection is over; the request must not end before, unless the connection was handed over. Never throws.
    /// </summary>
    /// <param name="user">Gets the messages and the ending.</param>
    /// <remarks>What stands in this method is held by every idle connection: no local lives while it waits for bytes.</remarks>
    public async Task RunAsync(IWebSocketUser user)
    {
        Ending? ending = null;
        while (ending is null)
        {
            try
            {
                ending = await TakeAsync(await _pipe.Input.ReadAsync(), user);
            }
            catch (Exception exception)
            {
                ending = WithoutCloseFrame(exception);
            }
        }

        try
        {
            await EndAsync(ending);
        }
        catch (Exception)
        {
            // Whatever a layer below throws at its end (TLS, HTTP/2), it carries nothing more.
            _pipe.Abort();
        }

        user.OnEnded(ending);
    }

    /// <summary>What came in one read. Null while the connection goes on.</summary>
    private async ValueTask<Ending?> TakeAsync(ReadResult read, IWebSocketUser user)
    {
        var input = read.Buffer;
        if (!input.IsEmpty) Transport.Heard();

        while (!_clientClosed && Next(ref input) is { Kind: not IncomingKind.Nothing } received)
        {
            if (received.Kind is IncomingKind.Text or IncomingKind.Binary) await DeliverAsync(received, user);
            else Answer(received);
        }

        _pipe.Input.AdvanceTo(input.Start, input.End);
        if (_clientClosed) return _cause ?? new Ending(EndKind.Server, Transport.Reason);
        return read.IsCompleted ? WithoutCloseFrame() : null;
    }

    private ValueTask EndAsync(Ending ending)
    {
        _reader.Forget();
        if (ending.Kind == EndKind.Lost) _pipe.Abort();
        return Transport.EndAsync();
    }

    private Incoming Next(ref ReadOnlySequence<byte> input)
    {
        if (Transport.IsClosing) _reader.SkipToClose();
        return _reader.Read(ref input);
    }

    private async ValueTask DeliverAsync(Incoming message, IWebSocketUser user)
    {
        try
        {
            var handled = user.OnMessageAsync(message.Payload, message.Kind == IncomingKind.Text);
            if (handled.IsCompletedSuccessfully) return;

            await handled;
            Transport.Heard();
        }
        catch (Exception exception)
        {
            _cause = new Ending(EndKind.Failed, CloseReason.InternalError, exception);
            Transport.Close(CloseReason.InternalError);
        }
    }

    private void Answer(in Incoming received)
    {
        switch (received.Kind)
        {
            case IncomingKind.Ping:
                Transport.Pong(received.Payload);
                break;
            case IncomingKind.Close:
                _clientClosed = true;
                if (Transport.TryClose(received.Reason)) _cause = new Ending(EndKind.Client, received.Reason);
                break;
            case IncomingKind.Violation:
                if (Transport.TryClose(received.Reason)) _cause = new Ending(EndKind.Violation, received.Reason);
                break;
        }
    }

    private Ending WithoutCloseFrame(Exception? error = null)
    {
        if (_cause is not null) return _cause;
        if (Transport.TimedOut) return new Ending(EndKind.TimedOut, Transport.Reason);

        return Transport.IsClosing
            ? new Ending(EndKind.Server, Transport.Reason)
            : new Ending(EndKind.Lost, new CloseReason(CloseFrame.Lost, ""), error);
    }
}
