using Broker.Hocon;

namespace Broker.Engine.Tests.Hocon;

/// <summary>Errors say what is wrong, and at which line and column.</summary>
public sealed class ErrorPlaceTests
{
    [Theory]
    [InlineData("a {\n  b =\n}", "broker.conf:3:1: expected a value after '=', found '}'")]
    [InlineData("a = ", "broker.conf:1:5: expected a value after '=', found the end of the text")]
    [InlineData("a", "broker.conf:1:2: expected '=', ':', '+=' or '{' after the key, found the end of the text")]
    [InlineData("a\n= 1", "broker.conf:1:2: expected '=', ':', '+=' or '{' after the key, found the end of the line")]
    [InlineData("a = 1\n}", "broker.conf:2:1: expected a key, found '}'")]
    [InlineData("a {\n  b = 1\n", "broker.conf:3:1: expected a key or '}' for the '{' of line 1, found the end of the text")]
    [InlineData("a = [1, 2", "broker.conf:1:10: expected a comma or a new line or ']' for the '[' of line 1, found the end of the text")]
    [InlineData("a = [1, }", "broker.conf:1:9: expected a value or ']' for the '[' of line 1, found '}'")]
    [InlineData("a = 1 : 2", "broker.conf:1:7: expected a comma or a new line, found ':'")]
    [InlineData("{ a = 1 } b", "broker.conf:1:11: expected nothing more after the closing '}', found 'b'")]
    [InlineData("[1]", "broker.conf:1:1: expected an object at the root, found '['")]
    [InlineData("# c\na = \"x", "broker.conf:2:5: the string that starts here has no end")]
    [InlineData("a = \"x\n\"", "broker.conf:1:5: the string that starts here has no end on its line; \"\"\" encloses several lines")]
    [InlineData("a = \"\"\"x\n\n", "broker.conf:1:5: the string that starts here with \"\"\" has no end")]
    [InlineData("a = \"b\\x\"", "broker.conf:1:7: unknown escape; a string knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")]
    [InlineData("a = \"\\u12g4\"", "broker.conf:1:6: \\u needs four hexadecimal digits")]
    [InlineData("a = x@y", "broker.conf:1:6: '@' has to stand in quotes")]
    [InlineData("a = $x", "broker.conf:1:5: '$' has to stand in quotes")]
    [InlineData("a = ${b", "broker.conf:1:8: expected '}' after '${b', found the end of the text")]
    [InlineData("a = ${}", "broker.conf:1:7: expected a path, found '}'")]
    [InlineData("a = [{ b += 1 }]", "broker.conf:1:10: '+=' is not possible inside a list")]
    [InlineData("a = \"\"\"\n\n\"\"\" ]", "broker.conf:3:5: expected a comma or a new line, found ']'")]
    public void An_error_of_syntax_names_file_line_column_and_what_was_expected(string text, string message)
    {
        var error = Assert.Throws<HoconException>(() => HoconDocument.Parse(text, "broker.conf"));

        Assert.Equal(message, error.Message);
        Assert.Equal(message, $"{error.Source}:{error.Line}:{error.Column}{message[message.IndexOf(": ", StringComparison.Ordinal)..]}");
    }

    [Fact]
    public void A_wrong_value_names_place_path_value_and_what_is_allowed()
    {
        var config = HoconDocument.Parse("broker {\n  redis.port = many\n}", "broker.conf").Resolve();

        var error = Assert.Throws<HoconException>(() => config.Get("broker.redis.port").AsInt());

        Assert.Equal(
            "broker.conf:2:16: broker.redis.port: expected a whole number from -2147483648 to 2147483647, found 'many'",
            error.Message);
    }

    [Fact]
    public void A_wrong_value_from_the_environment_names_the_variable()
    {
        var config = HoconDocument.Parse("broker.port = ${BROKER_PORT}", "broker.conf").Resolve(_ => "many");

        var error = Assert.Throws<HoconException>(() => config.Get("broker.port").AsInt());

        Assert.StartsWith("environment variable BROKER_PORT: broker.port: expected a whole number", error.Message);
    }

    [Fact]
    public void A_value_of_another_kind_is_named_by_its_kind()
    {
        var config = HoconDocument.Parse("o {}, l = [], s = x, n = null", "broker.conf").Resolve();

        Assert.EndsWith("o: expected a string, found an object", Message(() => config["o"].AsString()));
        Assert.EndsWith("l: expected an object, found a list", Message(() => config["l"].AsObject()));
        Assert.EndsWith("s: expected a list, found 'x'", Message(() => config["s"].AsList()));
        Assert.EndsWith("n: expected a string, found null", Message(() => config["n"].AsString()));
    }

    [Fact]
    public void A_value_that_is_not_set_is_named_by_its_full_path()
    {
        var config = HoconDocument.Parse("broker { redis { port = 1 } }", "broker.conf").Resolve();

        Assert.Equal("broker.conf:1:16: broker.redis.\"a.b\" is not set", Message(() => config.GetObject("broker.redis").Get("\"a.b\"")));
        Assert.Equal("broker.conf:1:1: redis is not set", Message(() => config["redis"]));
        Assert.Contains("empty key", Message(() => config.Get("broker..redis")));
    }

    private static string Message(Func<object> read) => Assert.Throws<HoconException>(read).Message;
}
