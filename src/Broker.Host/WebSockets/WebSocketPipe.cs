using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Host.WebSockets;

/// <summary>
/// The bytes of one upgraded connection in both directions, and how to cut it. Valid until the request ends; <see cref="Abort"/> is harmless at any time.
/// </summary>
internal sealed class WebSocketPipe
{
    private readonly IConnectionLifetimeFeature? _connection;
    private readonly IHttpRequestLifetimeFeature? _request;

    /// <summary>On the pipes of a connection that carries nothing else any more: no layer of HTTP in between, and no buffer while nothing comes.</summary>
    public WebSocketPipe(PipeReader input, PipeWriter output, IConnectionLifetimeFeature connection)
    {
        Input = input;
        Output = output;
        _connection = connection;
    }

    /// <summary>On a stream within a connection (HTTP/2), or of a server that shows no connection.</summary>
    public WebSocketPipe(Stream stream, IHttpRequestLifetimeFeature request)
    {
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        _request = request;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Cuts the client off; reads and flushes in progress end.</summary>
    public void Abort()
    {
        _connection?.Abort();
        _request?.Abort();
    }

    /// <summary>
    /// Ends the use of the pipes. What was written last may still be on its way: on a connection the deadline goes on until all of it has left or the client is cut off.
    /// </summary>
    public async ValueTask ReleaseAsync(ITimer? deadline)
    {
        if (_connection is not null)
        {
            if (deadline is not null) _connection.ConnectionClosed.UnsafeRegister(static timer => ((ITimer)timer!).Dispose(), deadline);
            return;
        }

        // The server reuses the request's objects: no abort may come after this.
        if (deadline is not null) await deadline.DisposeAsync();
        await Input.CompleteAsync();
        await Output.CompleteAsync();
    }
}
