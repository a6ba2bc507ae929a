using System.Buffers;
using System.IO.Pipelines;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Broker.Host.Rich;

/// <summary>
/// Carries server-sent events on one response. The response is its request's: when that is to end, nobody writes any more, and no write is under way.
/// </summary>
internal sealed class EventStream : IClientTransport
{
    private readonly HttpContext _context;
    private readonly PipeWriter _body;
    private readonly WebSocketSettings _settings;
    private readonly TimeProvider _time;
    private readonly IHttpMinResponseDataRateFeature? _rate;
    private readonly MinDataRate? _usualRate;
    private readonly TaskCompletionSource<CloseReason> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Task _writing = Task.CompletedTask;
    private bool _isOver;
    private volatile bool _isCut;

    /// <summary>Begins the answer.</summary>
    /// <param name="settings">How long the client may take nothing, and how long its leave may take.</param>
    public EventStream(HttpContext context, WebSocketSettings settings, TimeProvider time)
    {
        (_context, _body, _settings, _time) = (context, context.Response.BodyWriter, settings, time);
        var response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache, no-store, no-transform";

        // nginx would keep events until its buffer is full.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        // Kestrel would reset a client that reads nothing for five seconds. Here the outbox and dead-after say how long that may go on, and the client is told why it ends.
        _rate = context.Features.Get<IHttpMinResponseDataRateFeature>();
        _usualRate = _rate?.MinDataRate;
        if (_rate is not null) _rate.MinDataRate = null;
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        // The lock is for the end of the request only: writes come one at a time.
        lock (_gate)
        {
            if (_isOver) return default;

            foreach (var frame in frames) _body.Write(frame.Span);
            _writing = FlushAsync(_settings.DeadAfter);
            return new ValueTask(_writing);
        }
    }

    /// <inheritdoc/>
    public void Close(CloseReason reason) => _ending.TrySetResult(reason);

    /// <summary>Completes when the stream has ended: it was closed and the client told, or the client has gone. Nothing touches the response then.</summary>
    public async Task<CloseReason> RunAsync()
    {
        await using var gone = _context.RequestAborted.UnsafeRegister(static stream => ((EventStream)stream!).Close(new CloseReason(CloseFrame.Lost, "")), this);
        var reason = await _ending.Task;
        lock (_gate) _isOver = true;

        // What still waits when the response is over nobody watches but the web server.
        if (_rate is not null) _rate.MinDataRate = _usualRate;

        // A client that does not read what waits would not read its leave either.
        await ((Task)_writing.WaitAsync(_settings.CloseTimeout, _time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_writing.IsCompleted) Cut();
        await _writing;

        if (!_isCut && reason.Code != CloseFrame.Lost)
        {
            _body.Write(EventFraming.Instance.Ends(reason).Span);
            await FlushAsync(_settings.CloseTimeout);
        }

        return reason;
    }

    /// <summary>Never throws. A client that takes nothing for so long is cut off, and so is one that cannot be written to.</summary>
    private async Task FlushAsync(TimeSpan patience)
    {
        try
        {
            var flushed = _body.FlushAsync();
            if (flushed.IsCompleted) await flushed;
            else await flushed.AsTask().WaitAsync(patience, _time);
        }
        catch (Exception)
        {
            Cut();
        }
    }

    private void Cut()
    {
        _isCut = true;
        _context.Abort();
    }
}
