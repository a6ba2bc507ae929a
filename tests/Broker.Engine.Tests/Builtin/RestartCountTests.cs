namespace Broker.Engine.Tests.Builtin;

public sealed class RestartCountTests
{
    [Fact]
    public void A_limit_without_a_window_is_for_ever()
    {
        var count = new RestartCount();

        Assert.True(count.MayRestart(2, -1, now: 0));
        Assert.True(count.MayRestart(2, -1, now: 1_000_000));
        Assert.False(count.MayRestart(2, -1, now: 2_000_000));
    }

    [Fact]
    public void A_window_that_has_passed_grants_the_limit_anew()
    {
        var count = new RestartCount();

        Assert.True(count.MayRestart(2, 100, now: 0));
        Assert.True(count.MayRestart(2, 100, now: 50));
        Assert.False(count.MayRestart(2, 100, now: 100));
        Assert.True(count.MayRestart(2, 100, now: 101));
        Assert.True(count.MayRestart(2, 100, now: 201));
        Assert.False(count.MayRestart(2, 100, now: 201));
    }

    [Fact]
    public void A_window_without_a_limit_grants_one()
    {
        var count = new RestartCount();

        Assert.True(count.MayRestart(-1, 100, now: 0));
        Assert.False(count.MayRestart(-1, 100, now: 100));
        Assert.True(count.MayRestart(-1, 100, now: 101));
    }

    [Fact]
    public void Without_either_there_is_no_limit()
    {
        var count = new RestartCount();

        Assert.All(Enumerable.Range(0, 1_000), now => Assert.True(count.MayRestart(-1, -1, now)));
    }

    [Fact]
    public void A_limit_of_zero_grants_none() => Assert.False(new RestartCount().MayRestart(0, -1, now: 0));
}
