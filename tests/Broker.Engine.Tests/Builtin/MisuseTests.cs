namespace Broker.Engine.Tests.Builtin;

/// <summary>
/// What Akka.NET does differently, or its test kit hides: a null message can stop its guardian, its kit leaves a context behind.
/// </summary>
public sealed class MisuseTests : Contract.ContractTest
{
    [Fact]
    public void A_null_message_is_refused_at_the_sender()
    {
        var actor = ActorOf(Doing((_, _) => { }));

        Assert.Throws<InvalidMessageException>(() => actor.Tell(null!));
    }

    [Fact]
    public void An_actor_cannot_be_made_with_new() => Assert.Throws<ActorInitializationException>(() => new Leaking());

    [Fact]
    public void The_context_is_there_only_while_the_actor_runs()
    {
        var actor = ActorOf(() => new Leaking());

        actor.Tell("leak", TestActor);

        ExpectMsg("no context here", Patience);
    }

    [Fact]
    public void A_handler_cannot_be_added_later()
    {
        var actor = ActorOf(() => new Late());

        actor.Tell("now", TestActor);

        ExpectMsg("refused", Patience);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    public void A_system_needs_a_name_that_fits_into_a_path(string name) =>
        Assert.ThrowsAny<ArgumentException>(() => ActorSystem.Create(name));

    private sealed class Leaking : ReceiveActor
    {
        public Leaking() => Receive<string>(_ =>
        {
            var sender = Sender;
            Task.Run(() =>
            {
                try
                {
                    Context.Stop(Self);
                }
                catch (NotSupportedException)
                {
                    sender.Tell("no context here", ActorRefs.NoSender);
                }
            });
        });
    }

    private sealed class Late : ReceiveActor
    {
        public Late() => Receive<string>(_ =>
        {
            try
            {
                Receive<int>(_ => { });
            }
            catch (InvalidOperationException)
            {
                Sender.Tell("refused");
            }
        });
    }
}
