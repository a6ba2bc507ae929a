namespace Broker.Engine.Tests.Contract;

public sealed class TellingTests : ContractTest
{
    [Fact]
    public void Messages_of_one_sender_arrive_in_order()
    {
        var actor = ActorOf(() => new Forwarder(TestActor));

        for (var i = 0; i < 10_000; i++)
        {
            actor.Tell(i);
        }

        Assert.Equal(Enumerable.Range(0, 10_000), ReceiveN(10_000, TimeSpan.FromSeconds(10)).Cast<int>());
    }

    [Fact]
    public async Task Messages_of_many_senders_arrive_each_in_its_order_and_none_is_lost()
    {
        const int senders = 8, each = 20_000;
        var actor = ActorOf(() => new OrderChecker(TestActor, senders * each));

        await Task.WhenAll(Enumerable.Range(0, senders).Select(sender => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
            {
                actor.Tell((sender, i), ActorRefs.NoSender);
            }
        })));

        Assert.Equal("all in order", await ExpectMsgAsync<string>(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task An_actor_handles_one_message_at_a_time()
    {
        var actor = ActorOf(() => new Exclusive());

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                actor.Tell("count", ActorRefs.NoSender);
            }
        })));

        Assert.Equal(40_000, await actor.Ask<int>("total", TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Forward_keeps_the_sender()
    {
        var probe = CreateTestProbe();
        var actor = ActorOf(() => new Forwarder(TestActor));

        probe.Send(actor, "hello");

        ExpectMsg("hello");
        Assert.Equal(probe.Ref, LastSender);
    }

    [Fact]
    public void A_message_to_a_stopped_actor_is_a_dead_letter_with_its_sender_and_recipient()
    {
        var probe = CreateTestProbe();
        Sys.EventStream.Subscribe(probe.Ref, typeof(DeadLetter));
        var actor = ActorOf(() => new Forwarder(TestActor));
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);

        actor.Tell("too late", TestActor);

        var letter = probe.ExpectMsg<DeadLetter>();
        Assert.Equal("too late", letter.Message);
        Assert.Equal(TestActor, letter.Sender);
        Assert.Equal(actor, letter.Recipient);
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef target) => ReceiveAny(target.Forward);
    }

    private sealed class OrderChecker : ReceiveActor
    {
        private readonly Dictionary<int, int> _next = [];
        private int _count;

        public OrderChecker(IActorRef report, int expected) => Receive<(int Sender, int Number)>(message =>
        {
            if (_next.GetValueOrDefault(message.Sender) != message.Number)
            {
                report.Tell($"{message} out of order");
            }

            _next[message.Sender] = message.Number + 1;
            if (++_count == expected)
            {
                report.Tell("all in order");
            }
        });
    }

    private sealed class Exclusive : ReceiveActor
    {
        private int _inside;
        private int _count;

        public Exclusive()
        {
            Receive<string>(message => message == "count", _ =>
            {
                // Two turns at once would lose counts, and would be seen inside.
                Assert.Equal(1, ++_inside);
                _count++;
                _inside--;
            });
            Receive<string>(_ => Sender.Tell(_count));
        }
    }
}
