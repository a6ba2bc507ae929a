namespace Broker.Engine.Tests.Builtin;

public sealed class SparseLogTests
{
    private readonly List<string> _said = [];
    private readonly SparseLog _log;
    private TimeSpan _now;

    public SparseLogTests() => _log = new SparseLog(_said.Add, TimeSpan.FromMinutes(1), () => _now);

    [Fact]
    public void A_kind_is_said_once_an_interval_with_how_many_were_left_out()
    {
        for (var i = 0; i < 1000; i++) _log.Say("stranger", "cut off");
        Assert.Equal(["cut off"], _said);

        _now += TimeSpan.FromMinutes(1);
        _log.Say("stranger", "cut off");
        _log.Say("stranger", "cut off");

        Assert.Equal(["cut off", "cut off (999 more like it since it was last said)"], _said);
    }

    // Two that were cut off at the same moment were both logged as the first.
    [Fact]
    public void Of_many_at_the_same_time_one_is_said()
    {
        Parallel.For(0, 10_000, _ => _log.Say("stranger", "cut off"));

        Assert.Single(_said);
    }

    [Fact]
    public void Kinds_do_not_hide_each_other_and_what_has_passed_is_said_again()
    {
        _log.Say("garbage", "garbage");
        _log.Say("secret", "wrong secret");
        _log.Forget("secret");
        _log.Say("secret", "wrong secret");

        Assert.Equal(["garbage", "wrong secret", "wrong secret"], _said);
    }

    [Fact]
    public void However_many_kinds_there_are_few_are_remembered()
    {
        for (var i = 0; i < 100_000; i++) _log.Say($"dial {i}", "no link");

        Assert.InRange(_log.Kinds, 1, 1000);
    }
}
