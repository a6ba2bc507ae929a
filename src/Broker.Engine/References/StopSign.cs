namespace Broker.Engine;

/// <summary>Watches an actor on behalf of something that is no actor.</summary>
internal sealed class StopSign(LocalActorSystem system) : ActorRefBase
{
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActorPath? _path;

    public override LocalActorSystem System => system;

    public override ActorPath Path => LazyInitializer.EnsureInitialized(ref _path, system.NextTemporaryPath);

    /// <summary>Completes when the actor has stopped.</summary>
    public static Task Of(IInternalActorRef actor)
    {
        var sign = new StopSign(actor.System);
        actor.SendSystemMessage(new Watch(actor, sign));
        return sign._stopped.Task;
    }

    public override void Tell(object message, IActorRef? sender)
    {
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        if (message is DeathWatchNotification)
        {
            _stopped.TrySetResult();
        }
    }
}
