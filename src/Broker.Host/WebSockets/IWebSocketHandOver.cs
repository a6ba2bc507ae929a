using System.IO.Pipelines;

namespace Broker.Host.WebSockets;

/// <summary>
/// A feature of requests whose connection can outlive them: an open websocket is taken over, and the request with all that belongs to it is over before the websocket's life begins.
/// </summary>
internal interface IWebSocketHandOver
{
    /// <summary>What the websocket is to be written to.</summary>
    PipeWriter Output { get; }

    /// <param name="websocket">Carries the websocket to its end; runs once, when the request is over, however it ended.</param>
    void Take(Func<Task> websocket);
}
