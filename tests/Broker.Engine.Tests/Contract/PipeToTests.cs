namespace Broker.Engine.Tests.Contract;

public sealed class PipeToTests : ContractTest
{
    [Fact]
    public void A_result_arrives_as_a_message_from_the_sender_given()
    {
        var probe = CreateTestProbe();

        Task.FromResult("done").PipeTo(TestActor, probe.Ref);

        ExpectMsg("done", Patience);
        Assert.Equal(probe.Ref, LastSender);
    }

    [Fact]
    public void A_result_can_be_made_another_message()
    {
        Task.FromResult(21).PipeTo(TestActor, success: number => $"twice {2 * number}");

        ExpectMsg("twice 42", Patience);
    }

    [Fact]
    public void A_failure_arrives_as_a_failure_with_its_cause()
    {
        Task.FromException<string>(new Boom("not a wrapped one")).PipeTo(TestActor);

        Assert.Equal("not a wrapped one", Assert.IsType<Boom>(ExpectMsg<Status.Failure>(Patience).Cause).Message);
    }

    [Fact]
    public void A_failure_can_be_made_another_message()
    {
        Task.FromException(new Boom("why")).PipeTo(TestActor, failure: cause => $"failed: {cause.Message}");

        ExpectMsg("failed: why", Patience);
    }

    [Fact]
    public void A_cancelled_task_is_a_failure()
    {
        Task.FromCanceled<string>(new CancellationToken(canceled: true)).PipeTo(TestActor);

        Assert.IsAssignableFrom<OperationCanceledException>(ExpectMsg<Status.Failure>(Patience).Cause);
    }

    [Fact]
    public void A_task_without_a_result_tells_only_what_is_made_of_it()
    {
        Task.CompletedTask.PipeTo(TestActor, success: () => "made of it");
        Task.CompletedTask.PipeTo(TestActor);

        ExpectMsg("made of it", Patience);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void Value_tasks_are_piped_alike()
    {
        new ValueTask<string>("value").PipeTo(TestActor);
        ValueTask.FromException(new Boom()).PipeTo(TestActor);

        ExpectMsg("value", Patience);
        ExpectMsg<Status.Failure>(Patience);
    }

    [Fact]
    public void A_task_that_ends_later_is_heard_of_later()
    {
        var task = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        task.Task.PipeTo(TestActor);
        TestActor.Tell("before");
        ExpectMsg("before");

        task.SetResult("after");

        ExpectMsg("after", Patience);
    }
}
