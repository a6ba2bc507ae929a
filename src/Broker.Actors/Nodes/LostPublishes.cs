using Broker.Actors.Relays;

namespace Broker.Actors.Nodes;

/// <summary>Answers publishes whose relay was gone before it could take them: who published would wait for ever, and a client's reading with him.</summary>
internal sealed class LostPublishes : ReceiveActor
{
    public LostPublishes() => Receive<DeadLetter>(OnDeadLetter);

    private static void OnDeadLetter(DeadLetter letter)
    {
        if (letter.Message is RelayPublish lost) lost.Ticket.Done(new PublishResult(null, PublishFailure.Unavailable));
    }
}
