using Broker.Host.WebSockets;

namespace Broker.Host.Clients;

/// <summary>A result, or the answer that the client gets instead.</summary>
internal readonly record struct OrRefusal<T>(T? Value, HandshakeRefusal? Refusal)
    where T : class
{
    public static implicit operator OrRefusal<T>(T value) => new(value, null);

    public static implicit operator OrRefusal<T>(HandshakeRefusal refusal) => new(null, refusal);
}

/// <summary>The answers to clients that are not let in. They name nothing that the client did not say itself.</summary>
internal static class Refusals
{
    public static readonly HandshakeRefusal NotFound = new(StatusCodes.Status404NotFound, "Not found");

    /// <summary>All places of <see cref="SocketPlaces"/> are taken.</summary>
    public static readonly HandshakeRefusal Full = Unavailable("Too many connections") with { Limit = "connections" };

    public static readonly HandshakeRefusal Stopping = Unavailable("The server is stopping");

    /// <summary>Serves a client, or tells it why not. One that has gone meanwhile is no failure.</summary>
    /// <param name="serve">Comes back when the client has been served, or with why it is not.</param>
    /// <param name="tell">Writes the refusal.</param>
    /// <param name="what">What the client wanted, for the log.</param>
    /// <param name="host">Counts what was over a limit.</param>
    public static async Task ServeAsync(
        HttpContext context, Func<Task<HandshakeRefusal?>> serve, Func<HandshakeRefusal, Task> tell, string what, BrokerHost host, ILogger log)
    {
        try
        {
            if (await serve() is not { } refusal) return;

            if (refusal.Limit is { } limit) host.Node.Metrics.OverLimit(limit);
            log.LogDebug("{What} was refused: {Status} {Reason}", what, refusal.Status, refusal.Text);
            await tell(refusal);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            log.LogDebug("{What} was not answered: the client has gone", what);
        }
    }

    public static HandshakeRefusal BadRequest(string text) => new(StatusCodes.Status400BadRequest, text);

    public static HandshakeRefusal Forbidden(string text) => new(StatusCodes.Status403Forbidden, text);

    /// <summary>Not the client's fault: it may come back.</summary>
    public static HandshakeRefusal Unavailable(string text) => new(StatusCodes.Status503ServiceUnavailable, text, new("Retry-After", "1"));
}
