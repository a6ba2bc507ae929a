namespace Broker.Engine;

/// <summary>Where messages to stopped actors end: published as <see cref="DeadLetter"/>.</summary>
internal sealed class DeadLetters(LocalActorSystem system, ActorPath path) : ActorRefBase
{
    public override ActorPath Path => path;

    public override LocalActorSystem System => system;

    public override void Tell(object message, IActorRef? sender)
    {
        ThrowIfNull(message);
        Publish(message as DeadLetter ?? new DeadLetter(message, sender ?? this, this));
    }

    public void Lost(object message, IActorRef? sender, IActorRef recipient)
    {
        // Whoever asks a dead actor for its reference is to hear that there is none.
        if (message is Identify identify)
        {
            sender?.Tell(new ActorIdentity(identify.MessageId, null), recipient);
            return;
        }

        Publish(new DeadLetter(message, sender ?? this, recipient));
    }

    private void Publish(DeadLetter letter)
    {
        if (letter.Message is not IDeadLetterSuppression)
        {
            system.EventStream.Publish(letter);
        }
    }
}
