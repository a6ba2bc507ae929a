namespace Broker.Engine.Tests.Contract;

public sealed class PropsTests : ContractTest
{
    private static readonly int Constant = 7;

    [Fact]
    public void Arguments_of_an_expression_are_evaluated_once_when_the_Props_are_made()
    {
        var calls = new Calls();
        var captured = "captured";
        object boxed = "boxed";

        var props = Props.Create(() => new Made(TestActor, captured, (string)boxed, Constant, calls.Count() + 1));
        captured = "changed later";
        ActorOf(props);
        ActorOf(props);

        ExpectMsg(("captured", "boxed", 7, 2), Patience);
        ExpectMsg(("captured", "boxed", 7, 2), Patience);
        Assert.Equal(2, calls.Count());
        Assert.NotEqual("captured", captured);
    }

    [Fact]
    public void A_type_and_arguments_find_the_constructor()
    {
        ActorOf(Props.Create<Made>(TestActor, "a", "b", 1, 2));
        var type = Type.GetType(typeof(Made).AssemblyQualifiedName!)!;
        ActorOf(Props.Create(type, TestActor, "only this"));

        ExpectMsgAllOf<(string?, string?, int, int)>([("a", "b", 1, 2), ("only this", null, 0, 0)]);
    }

    [Fact]
    public async Task Arguments_that_fit_no_constructor_stop_the_actor()
    {
        var actor = ActorOf(Props.Create<Made>("too few"));

        var watcher = CreateTestProbe();
        watcher.Watch(actor);

        await watcher.ExpectTerminatedAsync(actor, Patience);
    }

    [Fact]
    public void A_producer_makes_every_instance_and_gets_them_back()
    {
        var producer = new Producer(TestActor);
        var actor = ActorOf(Props.CreateBy(producer));
        ExpectMsg("made 1", Patience);

        actor.Tell(new Boom());
        ExpectMsg("released", Patience);
        ExpectMsg("made 2", Patience);
        Sys.Stop(actor);

        ExpectMsg("released", Patience);
    }

    [Fact]
    public void An_expression_must_make_an_actor() =>
        Assert.ThrowsAny<Exception>(() => Props.Create(() => Existing()));

    private static Made Existing() => throw new InvalidOperationException();

    private sealed class Calls
    {
        private int _count;

        public int Count() => ++_count;
    }

    private sealed class Made : ReceiveActor
    {
        public Made(IActorRef report, string? first, string? second, int third, int fourth) => report.Tell((first, second, third, fourth));

        public Made(IActorRef report, string first)
            : this(report, first, null, 0, 0)
        {
        }
    }

    private sealed class Producer(IActorRef report) : IIndirectActorProducer
    {
        private int _made;

        public Type ActorType => typeof(Product);

        public ActorBase Produce()
        {
            report.Tell($"made {++_made}", ActorRefs.NoSender);
            return new Product();
        }

        public void Release(ActorBase actor) => report.Tell("released", ActorRefs.NoSender);
    }

    private sealed class Product : ReceiveActor
    {
        public Product() => Receive<Exception>(failure => throw failure);
    }
}
