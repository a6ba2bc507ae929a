using Broker.Actors.Settings;

namespace Broker.Actors.Nodes;

/// <summary>Counts messages to actors that were gone. Some are normal (a client leaves while something is on its way to it); a steady stream is not.</summary>
internal sealed class DeadLetterCounter : ReceiveActor
{
    public DeadLetterCounter(BrokerMetrics metrics) => Receive<DeadLetter>(_ => metrics.DeadLetter());
}
