using System.IO.Pipelines;
using Broker.Host.Clients;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Broker.Host.Door;

/// <summary>
/// Stands before Kestrel's HTTP on every connection: takes the websockets' requests, plain ones in one piece, through the application's pipeline itself, so that nothing of HTTP
/// stays with an open websocket. All else, and what follows a request that was refused, goes on to Kestrel as it came.
/// </summary>
internal sealed class WebSocketDoor(ClientSettings settings, IOptions<KestrelServerOptions> kestrel, TimeProvider time, ILogger<WebSocketDoor> log)
{
    private readonly DoorPaths _paths = new(settings);
    private Func<Exchange, Task>? _application;

    /// <summary>From here on requests go through this application.</summary>
    public void Open<TContext>(IHttpApplication<TContext> application) where TContext : notnull => _application = exchange => exchange.RunAsync(application, log);

    /// <summary>A connection through the door. There is nothing else to wait for than the websocket once it is open.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var rest = await AnswerAsync(connection, next);
        await rest();
    }

    /// <summary>What the rest of the connection is.</summary>
    private async ValueTask<Func<Task>> AnswerAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        Func<Task> kestrels = () => next(connection);
        ReadResult read;
        try
        {
            read = await FirstBytesAsync(connection);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            return kestrels;
        }

        var head = RequestHead.Read(read.Buffer.FirstSpan, _paths.Holds);
        connection.Transport.Input.AdvanceTo(read.Buffer.GetPosition(head?.Length ?? 0));
        if (read is { IsCanceled: true, Buffer.IsEmpty: true }) return () => Task.CompletedTask;
        if (head is null) return kestrels;

        var exchange = new Exchange(connection, head);
        try
        {
            await _application!(exchange);
        }
        catch (Exception fault) when (exchange.Rest is not null)
        {
            // An open websocket must be carried to its end all the same: only there its place becomes free.
            log.LogError(fault, "A websocket's request on connection {Connection} failed after its answer", connection.ConnectionId);
        }

        return exchange.Rest ?? kestrels;
    }

    /// <summary>Cancelled for a client that says nothing for as long as Kestrel would wait, and when the server stops.</summary>
    private async ValueTask<ReadResult> FirstBytesAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        if (input.TryRead(out var read)) return read;

        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        await using var timer = time.CreateTimer(static input => ((PipeReader)input!).CancelPendingRead(), input, kestrel.Value.Limits.KeepAliveTimeout, Timeout.InfiniteTimeSpan);
        await using var stop = stopping.UnsafeRegister(static input => ((PipeReader)input!).CancelPendingRead(), input);
        return await input.ReadAsync();
    }
}
