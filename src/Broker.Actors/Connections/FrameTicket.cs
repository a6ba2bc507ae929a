using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Connections;

/// <summary>
/// One message of a ws4redis client on its way to all its channels. The client cannot be told of a failure: it is counted and logged, and the client may send on.
/// </summary>
internal sealed class FrameTicket(ClientConnection connection, int bytes, int channels, BrokerServices services) : PublishTicket
{
    private int _open = channels;

    public override void Done(PublishResult result)
    {
        services.Metrics.PublishEnded(result);
        if (result.Failure is { } failure) services.Log.LogWarning("A message of connection {Connection} was dropped: {Reason}", connection.Id, failure);

        if (Interlocked.Decrement(ref _open) > 0) return;

        services.Metrics.BytesIn(bytes);
        connection.Dealt(bytes);
    }
}
