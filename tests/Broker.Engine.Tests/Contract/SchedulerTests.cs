using System.Diagnostics;

namespace Broker.Engine.Tests.Contract;

public sealed class SchedulerTests : ContractTest
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void A_message_is_told_later_and_not_early()
    {
        var start = Stopwatch.GetTimestamp();

        Sys.Scheduler.ScheduleTellOnce(Soon, TestActor, "later", ActorRefs.NoSender);

        ExpectMsg("later", Patience);
        Assert.True(Stopwatch.GetElapsedTime(start) >= Soon - TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public void What_is_cancelled_is_not_told()
    {
        var cancelable = Sys.Scheduler.ScheduleTellOnceCancelable(Soon, TestActor, "not this", ActorRefs.NoSender);
        Sys.Scheduler.ScheduleTellOnce(Soon * 3, TestActor, "but this", ActorRefs.NoSender);

        cancelable.Cancel();

        ExpectMsg("but this", Patience);
        Assert.True(cancelable.IsCancellationRequested);
    }

    [Fact]
    public void A_message_is_told_again_and_again_until_cancelled()
    {
        var cancelable = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(TimeSpan.Zero, Soon, TestActor, "again", ActorRefs.NoSender);
        ExpectMsg("again", Patience);
        ExpectMsg("again", Patience);
        ExpectMsg("again", Patience);

        cancelable.Cancel();
        TestActor.Tell("cancelled");

        FishForMessage<string>(message => message == "cancelled");
        ExpectNoMsg(Soon * 3);
    }

    [Fact]
    public void Messages_come_in_the_order_of_their_times()
    {
        foreach (var delay in new[] { 200, 50, 150, 100 })
        {
            Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(delay), TestActor, delay, ActorRefs.NoSender);
        }

        Assert.Equal([50, 100, 150, 200], ReceiveN(4, Patience).Cast<int>());
    }
}
