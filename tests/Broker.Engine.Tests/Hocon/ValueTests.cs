using System.Globalization;
using Broker.Hocon;

namespace Broker.Engine.Tests.Hocon;

/// <summary>A scalar is text until it is asked for as something.</summary>
public sealed class ValueTests
{
    [Fact]
    public void Numbers_and_booleans_keep_their_text()
    {
        var config = Read("a = 1.50, b = 1E5, c = true, d = -0, e = 1e+5, f = 10.0bar");

        Assert.Equal(["1.50", "1E5", "true", "-0", "1e+5", "10.0bar"], config.Values.Select(value => value.AsString()));
        Assert.Equal(1.5, config["a"].AsDouble());
        Assert.Equal(100_000, config["e"].AsDouble());
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("on", true)]
    [InlineData("yes", true)]
    [InlineData("\"true\"", true)]
    [InlineData("false", false)]
    [InlineData("off", false)]
    [InlineData("no", false)]
    public void Six_words_are_booleans(string text, bool expected)
    {
        Assert.Equal(expected, Value(text).AsBoolean());
    }

    [Theory]
    [InlineData("2147483647", 2147483647L)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("\"42\"", 42L)]
    public void Whole_numbers_are_read_without_loss(string text, long expected)
    {
        Assert.Equal(expected, Value(text).AsLong());
    }

    [Theory]
    [InlineData("10", 10)]
    [InlineData("10ms", 10)]
    [InlineData("10 millis", 10)]
    [InlineData("\" 1.5 s \"", 1500)]
    [InlineData("2 seconds", 2000)]
    [InlineData("1m", 60_000)]
    [InlineData("3 minutes", 180_000)]
    [InlineData("1 hour", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("500us", 0.5)]
    [InlineData("500 microseconds", 0.5)]
    [InlineData("1000000 ns", 1)]
    [InlineData("-1s", -1000)]
    public void Durations_have_units_and_are_milliseconds_without(string text, double milliseconds)
    {
        Assert.Equal(milliseconds, Value(text).AsDuration().TotalMilliseconds);
    }

    [Theory]
    [InlineData("10", 10)]
    [InlineData("10B", 10)]
    [InlineData("64 KiB", 65_536)]
    [InlineData("1K", 1024)]
    [InlineData("1kB", 1000)]
    [InlineData("1 KB", 1000)]
    [InlineData("1.5M", 1_572_864)]
    [InlineData("2MB", 2_000_000)]
    [InlineData("1 gibibyte", 1_073_741_824)]
    [InlineData("1GB", 1_000_000_000)]
    [InlineData("7E", 8_070_450_532_247_928_832)]
    public void Sizes_have_units_of_1000_and_1024_and_are_bytes_without(string text, long bytes)
    {
        Assert.Equal(bytes, Value(text).AsSize());
    }

    [Theory]
    [InlineData("", "AsInt AsLong AsDouble AsBoolean AsDuration AsSize")]
    [InlineData("\" \"", "AsInt AsLong AsDouble AsBoolean AsDuration AsSize")]
    [InlineData("null", "AsString AsInt AsLong AsDouble AsBoolean AsDuration AsSize")]
    [InlineData("True", "AsBoolean")]
    [InlineData("1.5", "AsInt AsLong")]
    [InlineData("2147483648", "AsInt")]
    [InlineData("9223372036854775808", "AsInt AsLong AsSize")]
    [InlineData("NaN", "AsDouble")]
    [InlineData("Infinity", "AsDouble")]
    [InlineData("1e999", "AsDouble AsDuration AsSize")]
    [InlineData("infinite", "AsDuration")]
    [InlineData("off", "AsDuration")]
    [InlineData("10 S", "AsDuration")]
    [InlineData("10 fortnights", "AsDuration AsSize")]
    [InlineData("99999999999 d", "AsDuration")]
    [InlineData("79228162514264337593543950335 d", "AsDuration")]
    [InlineData("-1B", "AsSize")]
    [InlineData("8E", "AsSize")]
    [InlineData("s", "AsDuration")]
    [InlineData("1,5 s", "AsDuration")]
    public void What_a_value_is_not_it_cannot_be_asked_for(string text, string questions)
    {
        var value = Value(text.Contains(',') || text.Length == 0 ? $"\"{text}\"" : text);

        Assert.All(questions.Split(' '), question => Assert.Throws<HoconException>(() => Ask(value, question)));
    }

    [Fact]
    public void Values_know_their_path_and_place_after_substitution_too()
    {
        var config = HoconDocument.Parse("default { \"x.y\" = [0, { z = 1 }] }\na.b = ${default}", "file").Resolve();

        var value = config.Get("a.b.\"x.y\"").AsList()[1].AsObject()["z"];

        Assert.Equal("a.b.\"x.y\"[1].z", value.Path);
        Assert.Equal(new HoconOrigin("file", 1, 29), value.Origin);
        Assert.Equal("file:1:29", value.Origin.ToString());
        Assert.Equal("", config.Path);
    }

    [Fact]
    public void An_object_is_a_dictionary_in_the_order_of_the_text()
    {
        var config = Read("z = 1, a = 2, \"m.n\" = 3, z = 4");

        Assert.Equal(["z", "a", "m.n"], config.Keys);
        Assert.Equal(3, config.Count);
        Assert.Equal(3, config["m.n"].AsInt());
        Assert.True(config.TryGetValue("m.n", out _));
        Assert.False(config.TryGet("m.n", out _));
        Assert.True(config.TryGet("\"m.n\"", out var value) && value.AsInt() == 3);
    }

    [Fact]
    public void The_culture_of_the_process_does_not_matter()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };

            Assert.Equal(1.5, Value("1.5").AsDouble());
            Assert.Equal(TimeSpan.FromSeconds(1.5), Value("1.5s").AsDuration());
            Assert.Equal(1536, Value("1.5K").AsSize());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static object Ask(HoconValue value, string question) => question switch
    {
        "AsString" => value.AsString(),
        "AsInt" => value.AsInt(),
        "AsLong" => value.AsLong(),
        "AsDouble" => value.AsDouble(),
        "AsBoolean" => value.AsBoolean(),
        "AsDuration" => value.AsDuration(),
        "AsSize" => value.AsSize(),
        _ => throw new ArgumentOutOfRangeException(nameof(question)),
    };

    private static HoconValue Value(string text) => Read($"value = {text}")["value"];

    private static HoconObject Read(string text) => HoconDocument.Parse(text).Resolve(_ => null);
}
