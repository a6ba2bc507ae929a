namespace Broker.Engine.Tests.Contract;

public sealed class AskTests : ContractTest
{
    [Fact]
    public async Task The_answer_completes_the_question()
    {
        var actor = ActorOf(Doing((context, message) => context.Sender.Tell($"{message} too", context.Self)));

        Assert.Equal("you too", await actor.Ask<string>("you", Patience));
    }

    [Fact]
    public async Task No_answer_in_time_is_a_timeout()
    {
        var actor = ActorOf(Doing((_, _) => { }));

        await Assert.ThrowsAsync<AskTimeoutException>(() => actor.Ask<string>("anybody?", TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task A_question_can_be_cancelled()
    {
        var actor = ActorOf(Doing((_, _) => { }));
        using var cancel = new CancellationTokenSource();

        var question = actor.Ask<string>("anybody?", null, cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => question);
    }

    [Fact]
    public async Task A_failure_as_the_answer_fails_the_question()
    {
        var actor = ActorOf(Doing((context, _) => context.Sender.Tell(new Status.Failure(new Boom("no")), context.Self)));

        var failure = await Assert.ThrowsAsync<Boom>(() => actor.Ask<string>("well?", Patience));
        Assert.Equal("no", failure.Message);
    }

    [Fact]
    public async Task An_answer_of_another_type_fails_the_question()
    {
        var actor = ActorOf(Doing((context, _) => context.Sender.Tell(42, context.Self)));

        await Assert.ThrowsAsync<ArgumentException>(() => actor.Ask<string>("a text, please", Patience));
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_is_a_dead_letter()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
        using var late = new ManualResetEventSlim();
        var actor = ActorOf(Doing((context, _) =>
        {
            late.Wait();
            context.Sender.Tell("late", context.Self);
        }));

        await Assert.ThrowsAsync<AskTimeoutException>(() => actor.Ask<string>("now?", TimeSpan.FromMilliseconds(50)));
        late.Set();

        Assert.Equal("late", letters.ExpectMsg<DeadLetter>(Patience).Message);
    }

    [Fact]
    public async Task A_question_can_carry_the_reference_that_answers_go_to()
    {
        var actor = ActorOf(Doing((_, message) => ((IActorRef)message).Tell("here", ActorRefs.NoSender)));

        Assert.Equal("here", await actor.Ask<string>(answerTo => answerTo, Patience, CancellationToken.None));
    }

    [Fact]
    public async Task Many_questions_at_once_get_their_own_answers()
    {
        var actor = ActorOf(Doing((context, message) => context.Sender.Tell(message, context.Self)));

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(number => actor.Ask<int>(number, Patience)));

        Assert.Equal(Enumerable.Range(0, 1_000), answers);
    }

    [Fact]
    public async Task An_actor_that_waits_for_an_answer_does_not_hold_up_the_one_that_it_asked()
    {
        // Not how actors are written, but an application's may be.
        var answering = ActorOf(Doing((context, _) => context.Sender.Tell("answer", context.Self)));
        var waiting = ActorOf(Doing((context, _) =>
            context.Sender.Tell(answering.Ask<string>("question", Patience).GetAwaiter().GetResult(), context.Self)));

        Assert.Equal("answer", await waiting.Ask<string>("ask it", Patience));
    }
}
