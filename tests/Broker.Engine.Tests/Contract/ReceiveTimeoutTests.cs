namespace Broker.Engine.Tests.Contract;

public sealed class ReceiveTimeoutTests : ContractTest
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    [Fact]
    public void An_actor_that_hears_nothing_is_told_again_and_again()
    {
        ActorOf(() => new Silent(TestActor));

        ExpectMsg("silence", Patience);
        ExpectMsg("silence", Patience);
    }

    [Fact]
    public void Messages_put_it_off()
    {
        var actor = ActorOf(() => new Silent(TestActor));
        ExpectMsg("silence", Patience);

        // Each of these comes within the time, together they take three times as long.
        for (var i = 0; i < 15; i++)
        {
            actor.Tell(i);
            Thread.Sleep(Short / 5);
        }

        actor.Tell("end");
        var heard = new List<object>();
        while (!heard.Contains("end"))
        {
            heard.Add(ExpectMsg<object>(Patience));
        }

        Assert.True(heard.Count(message => message is "silence") < 3, string.Join(' ', heard));
    }

    [Fact]
    public void It_can_be_ended()
    {
        var actor = ActorOf(() => new Silent(TestActor));
        ExpectMsg("silence", Patience);

        actor.Tell("stop listening");

        FishForMessage<string>(message => message == "stop listening", Patience);
        ExpectNoMsg(Short * 3);
    }

    private sealed class Silent : ReceiveActor
    {
        public Silent(IActorRef report)
        {
            SetReceiveTimeout(Short);
            Receive<ReceiveTimeout>(_ => report.Tell("silence"));
            Receive<string>(message => message == "stop listening", message =>
            {
                SetReceiveTimeout(null);
                report.Tell(message);
            });
            ReceiveAny(message => report.Tell(message));
        }
    }
}
