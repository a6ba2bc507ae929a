namespace Broker.Engine.Tests.Builtin.Membership;

public sealed class LookPlanTests
{
    private readonly LookPlan _plan = new(new Lease(TimeSpan.FromSeconds(6)));

    // The third was counted from when the answer came: where each took a little less than that, no renewal might fail, though two may.
    [Fact]
    public void A_lease_is_renewed_after_a_third_of_it_or_when_there_is_news()
    {
        Answer(sentAt: 10, news: 15);
        Assert.Equal(At(12), _plan.Next);

        Answer(sentAt: 12, news: 13);
        Assert.Equal(At(13), _plan.Next);
    }

    [Fact]
    public void What_is_to_do_is_done_at_once_or_as_soon_as_the_present_step_is_answered()
    {
        Answer(sentAt: 10);
        _plan.Soon();
        Assert.True(_plan.Next <= At(10));

        _plan.Sent(At(11));
        _plan.Soon();
        Assert.Equal(At(13), _plan.Next);
        _plan.Answered([]);
        Assert.True(_plan.Next <= At(11));
    }

    // While Redis was down, each message that had to wait made a node ask it again: at once, though it had just failed.
    [Fact]
    public void Nothing_comes_sooner_than_the_pause_after_a_failure()
    {
        _plan.Sent(At(10));
        _plan.Failed(At(10.5));
        _plan.Soon();
        _plan.InAWhile();

        Assert.Equal(At(10.8), _plan.Next);
    }

    // While entities stopped, each message for them from another node made this one ask again, one question after the other.
    [Fact]
    public void What_may_be_in_vain_is_asked_at_once_but_not_again_and_again()
    {
        Answer(sentAt: 10);
        _plan.InAWhile();
        Assert.Equal(At(10.3), _plan.Next);

        _plan.Sent(At(10.3));
        _plan.InAWhile();
        _plan.Answered([]);
        Assert.Equal(At(10.6), _plan.Next);
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private void Answer(double sentAt, params double[] news)
    {
        _plan.Sent(At(sentAt));
        _plan.Answered(news.Select(At));
    }
}
