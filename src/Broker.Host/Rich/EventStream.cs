using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Host.Rich;

/// <summary>Server-sent events on one response (WHATWG HTML, 9.2).</summary>
internal sealed class EventStream
{
    private readonly HttpContext _context;
    private readonly PipeWriter _body;

    private EventStream(HttpContext context)
    {
        _context = context;
        _body = context.Response.BodyWriter;
    }

    /// <summary>Bytes that wait for a flush.</summary>
    public long Waiting => _body.UnflushedBytes;

    /// <summary>Begins the answer.</summary>
    public static EventStream Begin(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache, no-store, no-transform";

        // nginx would keep events until its buffer is full.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return new EventStream(context);
    }

    /// <summary>How long the client is to wait before it comes again when the stream has ended.</summary>
    public void Retry(TimeSpan after) => Line($"retry: {(int)after.TotalMilliseconds}\n\n");

    /// <summary>A line that says nothing but that the stream lives.</summary>
    public void Comment() => _body.Write(":\n\n"u8);

    /// <summary>The first event: where the stream goes on from, and whether that is where the client stood.</summary>
    public void Subscribed(string channel, StreamPosition? position, bool wasRecovering, bool recovered)
    {
        _body.Write("event: subscribed\n"u8);
        Id(position);
        _body.Write("data: "u8);
        RichWriter.StreamBegins(_body, channel, position, wasRecovering, recovered);
        _body.Write("\n\n"u8);
    }

    public void Publication(Publication publication, bool hasHistory)
    {
        Id(hasHistory ? publication.Position : null);
        _body.Write("data: "u8);
        RichWriter.Publication(_body, publication, hasHistory);
        _body.Write("\n\n"u8);
    }

    /// <summary>False: the client takes nothing any more.</summary>
    public async ValueTask<bool> FlushAsync(TimeSpan patience, TimeProvider time)
    {
        var flushed = _body.FlushAsync(_context.RequestAborted);
        try
        {
            if (!flushed.IsCompleted) return !(await flushed.AsTask().WaitAsync(patience, time)).IsCompleted;
            return !(await flushed).IsCompleted;
        }
        catch (TimeoutException)
        {
            _context.Abort();
            return false;
        }
    }

    private void Id(StreamPosition? position)
    {
        if (position is { } known) Line($"id: {known}\n");
    }

    private void Line(string text) => Encoding.UTF8.GetBytes(text, _body);
}
