namespace Broker.Engine.Tests.Builtin;

/// <summary>What a region does with messages that it cannot deliver; Akka.NET loses some of them silently.</summary>
public sealed class ShardRegionTests : Contract.ContractTest
{
    private readonly TestProbe _letters;
    private readonly IActorRef _region;

    public ShardRegionTests()
        : base("akka.cluster.sharding.buffer-size = 1")
    {
        _letters = CreateTestProbe();
        Sys.EventStream.Subscribe(_letters.Ref, typeof(AllDeadLetters));
        _region = ClusterSharding.Get(Sys).Start(
            "thing",
            id => id == "impossible" ? throw new InvalidOperationException("no such entity") : Props.Create(() => new Entity()),
            ClusterShardingSettings.Create(Sys),
            HashCodeMessageExtractor.Create(8, Extract));
    }

    [Fact]
    public void A_message_that_does_not_fit_into_the_buffer_is_a_dead_letter()
    {
        Send("a", "hold");
        ExpectMsg("holding", Patience);

        Send("a", "kept");
        Send("a", "too much");

        Lost("too much");
        Entity.Continue.Release();
        ExpectMsg("kept", Patience);
    }

    [Fact]
    public void A_message_for_an_entity_that_cannot_be_made_is_a_dead_letter_and_the_others_live_on()
    {
        Send("a", "before");
        ExpectMsg("before", Patience);

        Send("impossible", "lost");

        Lost("lost");
        Send("a", "after");
        ExpectMsg("after", Patience);
        Send("a", "count");
        ExpectMsg(2, Patience);
    }

    [Fact]
    public void A_message_for_no_entity_is_unhandled()
    {
        _region.Tell("for nobody", TestActor);

        Assert.Equal("for nobody", Assert.IsType<UnhandledMessage>(_letters.ExpectMsg<AllDeadLetters>(Patience)).Message);
    }

    [Fact]
    public void An_extractor_that_throws_takes_no_entity_with_it()
    {
        Send("a", "before");
        ExpectMsg("before", Patience);

        _region.Tell(new InvalidOperationException("extract this"), TestActor);

        Assert.IsType<InvalidOperationException>(_letters.ExpectMsg<UnhandledMessage>(Patience).Message);
        Send("a", "count");
        ExpectMsg(1, Patience);
    }

    [Fact]
    public void After_the_shutdown_has_begun_messages_are_dead_letters()
    {
        Send("a", "hold");
        ExpectMsg("holding", Patience);

        _region.Tell(GracefulShutdown.Instance, ActorRefs.NoSender);
        Send("b", "too late");

        Lost("too late");
        Watch(_region);
        Entity.Continue.Release();
        ExpectTerminated(_region, Patience);
    }

    [Fact]
    public void Ids_of_any_letters_are_entities()
    {
        foreach (var id in new[] { "ä/ö", "a b", "$", "broadcast:x?y#z", "…" })
        {
            Send(id, id);
            ExpectMsg(id, Patience);
        }
    }

    private static string? Extract(object message) => message switch
    {
        ShardingEnvelope envelope => envelope.EntityId,
        Exception failure => throw failure,
        _ => null,
    };

    private void Send(string entity, object message) => _region.Tell(new ShardingEnvelope(entity, message), TestActor);

    private void Lost(object message) => Assert.Equal(message, _letters.ExpectMsg<DeadLetter>(Patience).Message);

    private sealed class Entity : ReceiveActor
    {
        public static readonly SemaphoreSlim Continue = new(0);

        private int _count;

        public Entity()
        {
            Receive<string>(message => message == "hold", _ =>
            {
                Context.Parent.Tell(new Passivate("stop"));
                Sender.Tell("holding");
            });
            Receive<string>(message => message == "stop", _ =>
            {
                Assert.True(Continue.Wait(Patience));
                Context.Stop(Self);
            });
            Receive<string>(message => message == "count", _ => Sender.Tell(_count));
            Receive<string>(message =>
            {
                _count++;
                Sender.Tell(message);
            });
        }
    }
}
