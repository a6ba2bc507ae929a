namespace Broker.Engine.Tests.Builtin;

public sealed class ConfigTests
{
    private static readonly Config Upper = ConfigurationFactory.ParseString(
        """
        a { text = hello, number = 42, on = on, time = 5s, size = 64KiB, list = [x, y], never = infinite, half = 0.5 }
        """);

    private static readonly Config Lower = ConfigurationFactory.ParseString("a { text = lower, only-here = 1 }, b { c = d }");

    [Fact]
    public void Values_are_read_as_what_they_are_asked_for()
    {
        Assert.Equal("hello", Upper.GetString("a.text"));
        Assert.Equal(42, Upper.GetInt("a.number"));
        Assert.Equal(42L, Upper.GetLong("a.number"));
        Assert.Equal(0.5, Upper.GetDouble("a.half"));
        Assert.True(Upper.GetBoolean("a.on"));
        Assert.Equal(TimeSpan.FromSeconds(5), Upper.GetTimeSpan("a.time"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Upper.GetTimeSpan("a.never"));
        Assert.Equal(65536, Upper.GetByteSize("a.size", null));
        Assert.Equal(["x", "y"], Upper.GetStringList("a.list"));
    }

    [Fact]
    public void What_is_not_there_is_the_default()
    {
        Assert.Null(Upper.GetString("a.missing"));
        Assert.Equal(7, Upper.GetInt("a.missing", 7));
        Assert.Equal(TimeSpan.FromMinutes(1), Upper.GetTimeSpan("a.missing", TimeSpan.FromMinutes(1)));
        Assert.Empty(Upper.GetStringList("a.missing"));
        Assert.False(Upper.HasPath("a.missing"));
        Assert.True(Upper.GetConfig("nowhere").IsEmpty);
    }

    [Fact]
    public void A_fallback_fills_in_what_is_missing_at_every_level()
    {
        var both = Upper.WithFallback(Lower);

        Assert.Equal("hello", both.GetString("a.text"));
        Assert.Equal(1, both.GetInt("a.only-here"));
        Assert.Equal("d", both.GetConfig("b").GetString("c"));
        Assert.Equal(1, both.GetConfig("a").GetInt("only-here"));
        Assert.False(Upper.HasPath("b"));
    }

    [Fact]
    public void What_cannot_be_read_says_where_it_is()
    {
        var error = Assert.ThrowsAny<Exception>(() => Upper.GetInt("a.text"));

        Assert.Contains("a.text", error.Message, StringComparison.Ordinal);
        Assert.Contains("hello", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_written_out_reads_the_same()
    {
        var again = ConfigurationFactory.ParseString(Upper.ToString());

        Assert.Equal("hello", again.GetString("a.text"));
        Assert.Equal(["x", "y"], again.GetStringList("a.list"));
    }

    [Fact]
    public void A_wrong_log_level_stops_the_start() =>
        Assert.ThrowsAny<AkkaException>(() => ActorSystem.Create("sys", ConfigurationFactory.ParseString("akka.loglevel = LOUD")));

    [Fact]
    public void Phases_that_depend_on_each_other_stop_the_start()
    {
        var config = ConfigurationFactory.ParseString(
            "akka.coordinated-shutdown.phases { here { depends-on = [there] }, there { depends-on = [here] } }");

        var error = Assert.ThrowsAny<AkkaException>(() => ActorSystem.Create("sys", config));

        Assert.Contains("here on [there]", error.Message, StringComparison.Ordinal);
    }
}
