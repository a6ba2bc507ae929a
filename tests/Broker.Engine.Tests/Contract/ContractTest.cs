namespace Broker.Engine.Tests.Contract;

/// <summary>
/// What the engine promises, said with the common API alone: these tests pass on Akka.NET too (-p:ActorEngine=akka). Actors here fail
/// on purpose, so nothing is logged.
/// </summary>
public abstract class ContractTest(string config = "") : TestKit("akka { loglevel = OFF, stdout-loglevel = OFF }\n" + config)
{
    /// <summary>Enough for a busy machine; a test that passes does not wait for it.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long a test listens for what must not come.</summary>
    protected static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    /// <summary>An actor that does this with each message.</summary>
    protected static Props Doing(Action<IActorContext, object> handle) => Props.Create(() => new Doer(handle));

    private sealed class Doer : ReceiveActor
    {
        public Doer(Action<IActorContext, object> handle) => ReceiveAny(message => handle(Context, message));
    }
}
