using Broker.Actors.Connections;
using Broker.Actors.Settings;
using Broker.Host.WebSockets;

namespace Broker.Host.Clients;

/// <summary>
/// One client's open websocket: its messages go to its connection, and at its one end its place is free and its connection knows.
/// </summary>
internal sealed class ClientSocket(ClientConnection connection, SocketPlaces places, BrokerMetrics metrics, ILogger log) : IWebSocketUser
{
    public ValueTask OnMessageAsync(ReadOnlyMemory<byte> payload, bool isText) => connection.ReceiveAsync(payload);

    public void OnEnded(Ending ending)
    {
        if (ending.Kind == EndKind.Violation && ending.Reason == CloseReason.TooBig) metrics.OverLimit(connection.MessageLimit);
        connection.Ended(ending.Reason.Code);
        places.Leave();

        if (ending.Kind == EndKind.Failed) log.LogError(ending.Error, "A message of connection {Connection} could not be handled", connection.Id);
        else log.LogDebug(ending.Error, "Connection {Connection} ended: {Kind} {Code}", connection.Id, ending.Kind, ending.Reason.Code);
    }
}
