namespace Broker.Engine;

/// <summary>The top of the tree: the root, below it /user with the application's actors and /system with the engine's.</summary>
internal static class Guardians
{
    /// <summary>/user and /system.</summary>
    public static Props Below { get; } = Props.Create<Guardian>();

    public static LocalActorRef Root(LocalActorSystem system, Action onTerminated)
    {
        // What fails up to here cannot be repaired any more: the guardian stops, and the system after it.
        var lastResort = new OneForOneStrategy(_ => Directive.Stop);
        var props = Props.Create<RootGuardian>().WithSupervisorStrategy(lastResort);
        var root = new LocalActorRef(new AboveAll(system, onTerminated), "", props, system.Dispatchers.Default);
        root.SendSystemMessage(new Create());
        return root;
    }

    /// <summary>To the root: stop /system when /user has stopped, then yourself.</summary>
    internal sealed record Begin(IActorRef User, IActorRef System);

    private sealed class Guardian : ReceiveActor;

    private sealed class RootGuardian : ReceiveActor
    {
        private IActorRef? _system;

        public RootGuardian()
        {
            Receive<Begin>(OnBegin);
            Receive<Terminated>(OnTerminated);
        }

        private void OnBegin(Begin begin)
        {
            _system = begin.System;
            Context.Watch(begin.User);
            Context.Watch(begin.System);
        }

        private void OnTerminated(Terminated terminated) => Context.Stop(terminated.ActorRef.Equals(_system) ? Self : _system!);
    }

    /// <summary>The root's supervisor, which is no actor.</summary>
    private sealed class AboveAll(LocalActorSystem system, Action onTerminated) : ActorRefBase
    {
        public override ActorPath Path { get; } = new RootActorPath(system.Address).Child("bubble-walker");

        public override LocalActorSystem System => system;

        public override void Tell(object message, IActorRef? sender)
        {
        }

        public override void SendSystemMessage(SystemMessage message)
        {
            switch (message)
            {
                case Failed failed:
                    system.Log.Error("The root guardian failed", failed.Cause);
                    failed.Child.SendSystemMessage(new Terminate());
                    break;
                case DeathWatchNotification:
                    onTerminated();
                    break;
            }
        }
    }
}
