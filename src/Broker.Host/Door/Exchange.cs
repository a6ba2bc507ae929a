using System.IO.Pipelines;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Host.Door;

/// <summary>
/// One request that the door took, on its way through the application's pipeline: the features that a server owes a request, and what becomes of the connection.
/// </summary>
internal sealed class Exchange : IHttpRequestLifetimeFeature, IHttpUpgradeFeature, IWebSocketHandOver
{
    private readonly ConnectionContext _connection;
    private readonly FeatureCollection _features;
    private readonly Answer _answer = new();

    public Exchange(ConnectionContext connection, RequestHead head)
    {
        _connection = connection;
        RequestAborted = connection.ConnectionClosed;
        Output = connection.Transport.Output;
        _features = new FeatureCollection(connection.Features);
        _features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Protocol = "HTTP/1.1",
            Method = "GET",
            Scheme = "http",
            RawTarget = head.Target,
            Path = head.Path,
            QueryString = head.Query,
            Headers = head.Headers,
        });
        _features.Set<IHttpResponseFeature>(_answer);
        _features.Set<IHttpResponseBodyFeature>(_answer.BodyFeature);
        _features.Set<IHttpConnectionFeature>(new Ends(connection));
        _features.Set<IHttpRequestLifetimeFeature>(this);
        _features.Set<IHttpUpgradeFeature>(this);
        _features.Set<IWebSocketHandOver>(this);
    }

    /// <summary>The rest of the connection once the pipeline is through: a websocket, or nothing. Null: whatever else the client asks for.</summary>
    public Func<Task>? Rest { get; private set; }

    /// <summary>
    /// The connection's pipe for the answers that Kestrel's may follow. A websocket is written to the socket itself: nothing has been written into the pipe before it, nothing will be,
    /// and no middleware stands between the door and the socket.
    /// </summary>
    public PipeWriter Output { get; private set; }

    public CancellationToken RequestAborted { get; set; }

    public bool IsUpgradableRequest => true;

    public void Abort()
    {
        Rest ??= Nothing;
        _connection.Abort();
    }

    /// <returns>Nothing of use: the websocket is on the connection's own input and <see cref="Output"/>.</returns>
    public async Task<Stream> UpgradeAsync()
    {
        if (_connection.Features.Get<IConnectionSocketFeature>() is { } socket) Output = new SocketWriter(socket.Socket);
        _answer.StatusCode = StatusCodes.Status101SwitchingProtocols;
        try
        {
            await _answer.SendAsync(Output);
        }
        finally
        {
            // As long as nothing has been sent, the application may answer that it failed.
            if (_answer.HasStarted) Rest = Nothing;
        }

        return Stream.Null;
    }

    public void Take(Func<Task> websocket) => Rest = websocket;

    /// <summary>Does for the request what Kestrel does for others. Whatever the application throws ends here.</summary>
    public async Task RunAsync<TContext>(IHttpApplication<TContext> application, ILogger log) where TContext : notnull
    {
        var context = application.CreateContext(_features);
        Exception? fault = null;
        try
        {
            await application.ProcessRequestAsync(context);
            if (Rest is null && !_connection.ConnectionClosed.IsCancellationRequested) await SendAsync();
        }
        catch (Exception exception)
        {
            fault = exception;
            await FailAsync(exception, log);
        }

        await _answer.CompletedAsync(log);
        application.DisposeContext(context, fault);
    }

    private async ValueTask SendAsync()
    {
        await _answer.SendAsync(Output);
        if (_answer.Headers.Connection.Contains("close", StringComparer.OrdinalIgnoreCase)) Rest = Nothing;
    }

    private async ValueTask FailAsync(Exception exception, ILogger log)
    {
        if (_connection.ConnectionClosed.IsCancellationRequested)
        {
            log.LogDebug("A websocket's request was not answered: the client has gone");
            return;
        }

        log.LogError(exception, "A websocket's request on connection {Connection} failed", _connection.ConnectionId);
        if (!_answer.HasStarted) await _answer.SendFailureAsync(Output);
    }

    private static Task Nothing() => Task.CompletedTask;
}
