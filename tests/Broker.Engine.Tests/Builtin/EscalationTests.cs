using Broker.Engine.Tests.Contract;

namespace Broker.Engine.Tests.Builtin;

public sealed class EscalationTests : ContractTest
{
    /// <summary>Akka.NET forgets the second failure, and the child waits for ever.</summary>
    [Fact]
    public async Task A_second_child_that_fails_while_its_parent_waits_for_a_decision_is_decided_about_too()
    {
        var escalated = 0;
        bool BothEscalated() => SpinWait.SpinUntil(() => Volatile.Read(ref escalated) >= 2, Patience);
        var top = ActorOf(Parent.On(_ => BothEscalated() ? Directive.Resume : Directive.Stop));
        var parent = await top.Ask<IActorRef>(new Parent.Make(Parent.On(_ =>
        {
            Interlocked.Increment(ref escalated);
            return Directive.Escalate;
        })), Patience);
        var first = await parent.Ask<IActorRef>(new Parent.Make(Props.Create(() => new FailsTogether())), Patience);
        var second = await parent.Ask<IActorRef>(new Parent.Make(Props.Create(() => new FailsTogether())), Patience);
        using var both = new Barrier(2);

        first.Tell(both, ActorRefs.NoSender);
        second.Tell(both, ActorRefs.NoSender);

        Assert.Equal("first", await first.Ask<string>("first", Patience));
        Assert.Equal("second", await second.Ask<string>("second", Patience));
    }

    private sealed class FailsTogether : ReceiveActor
    {
        public FailsTogether()
        {
            Receive<Barrier>(both =>
            {
                both.SignalAndWait(Patience);
                throw new Boom();
            });
            ReceiveAny(message => Sender.Tell(message));
        }
    }
}
