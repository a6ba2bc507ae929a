using Broker.Hocon;

namespace Broker.Engine.Tests.Hocon;

/// <summary>How objects, lists, keys, strings and comments are written.</summary>
public sealed class SyntaxTests
{
    [Fact]
    public void Braces_at_the_root_may_be_left_out()
    {
        var bare = Read("a = 1\nb { c = 2 }");
        var braced = Read("{ a = 1, b { c = 2 } }");

        Assert.Equal("1", bare["a"].AsString());
        Assert.Equal(bare.ToHocon(), braced.ToHocon());
    }

    [Fact]
    public void A_colon_an_equals_sign_and_an_opening_brace_all_separate_a_key_from_its_value()
    {
        var config = Read("a : 1\nb = 2\nc { d = 3 }\ne = { f = 4 }\ng :\n  5");

        Assert.Equal(1, config.Get("a").AsInt());
        Assert.Equal(2, config.Get("b").AsInt());
        Assert.Equal(3, config.Get("c.d").AsInt());
        Assert.Equal(4, config.Get("e.f").AsInt());
        Assert.Equal(5, config.Get("g").AsInt());
    }

    [Theory]
    [InlineData("[1, 2, 3]")]
    [InlineData("[1, 2, 3,]")]
    [InlineData("[1\n2\n3]")]
    [InlineData("[\n  1,\n\n  2\n  , 3,\n]")]
    [InlineData("[ # one\n 1 // two\n 2 # three\n 3 ]")]
    public void List_items_are_separated_by_commas_or_new_lines(string list)
    {
        var config = Read($"a = {list}");

        Assert.Equal(["1", "2", "3"], config["a"].AsStringList());
    }

    [Theory]
    [InlineData("a = [1,2,,]")]
    [InlineData("a = [,1]")]
    [InlineData("a = [1,,2]")]
    [InlineData("{ a = 1,, b = 2 }")]
    [InlineData("{ , a = 1 }")]
    public void Two_commas_in_a_row_or_one_at_the_start_are_refused(string text)
    {
        Assert.Throws<HoconException>(() => Read(text));
    }

    [Fact]
    public void Comments_end_at_the_line_and_do_not_start_in_quotes()
    {
        var config = Read("# first\na = 1 # second\nb = x // third\nc = \"# no // comment\" // but this\n//");

        Assert.Equal("1", config["a"].AsString());
        Assert.Equal("x", config["b"].AsString());
        Assert.Equal("# no // comment", config["c"].AsString());
    }

    [Fact]
    public void Values_on_one_line_join_to_a_string_with_the_blanks_between_them()
    {
        var config = Read("a =   one  two\t3 true null   \nb = pre\"  quoted  \"post");

        Assert.Equal("one  two\t3 true null", config["a"].AsString());
        Assert.Equal("pre  quoted  post", config["b"].AsString());
    }

    [Fact]
    public void Lists_join_with_lists_and_objects_with_objects()
    {
        var config = Read("a = [1, 2] [3]\nb = { x = 1, y = 1 } { y = 2, z = 3 }\nc = [ [1] [2]\n [3] ]");

        Assert.Equal(["1", "2", "3"], config["a"].AsStringList());
        Assert.Equal("x = 1\ny = 2\nz = 3\n", config["b"].ToHocon());
        Assert.Equal(2, config["c"].AsList().Count);
    }

    [Theory]
    [InlineData("a = [1] x")]
    [InlineData("a = { b = 1 } x")]
    [InlineData("a = { b = 1 } [1]")]
    [InlineData("l = [1], a = ${l} x")]
    [InlineData("s = x, a = ${s} { b = 1 }")]
    [InlineData("s = x, a = [ ${s} { b = 1 } ]")]
    public void Values_of_different_kinds_do_not_join(string text)
    {
        var error = Assert.Throws<HoconException>(() => Read(text));

        Assert.Contains("cannot join", error.Message);
    }

    [Fact]
    public void A_repeated_key_overrides_and_repeated_objects_merge()
    {
        var config = Read("a = 1, a = 2\nb { x = 1, y { p = 1 } }\nb { z = 3, y { q = 2 } }");

        Assert.Equal("2", config["a"].AsString());
        Assert.Equal("x = 1\ny {\n  p = 1\n  q = 2\n}\nz = 3\n", config["b"].ToHocon());
    }

    [Fact]
    public void A_value_between_two_objects_of_one_key_keeps_them_from_merging()
    {
        var config = Read("a { x = 1 }\na = null\na { y = 2 }");

        Assert.Equal("y = 2\n", config["a"].ToHocon());
    }

    [Fact]
    public void Dots_in_a_key_make_objects()
    {
        var config = Read("a.b.c = 1\na.b.d = 2\na.\"b.c\".d = 3\n3.14 = pi");

        Assert.Equal("1", config.Get("a.b.c").AsString());
        Assert.Equal("2", config.Get("a.b.d").AsString());
        Assert.Equal("3", config.Get("a.\"b.c\".d").AsString());
        Assert.Equal("pi", config.Get("3.14").AsString());
    }

    [Theory]
    [InlineData("a..b = 1")]
    [InlineData(".a = 1")]
    [InlineData("a. = 1")]
    [InlineData("a = ${b..c}")]
    public void An_empty_key_in_a_path_needs_quotes(string text)
    {
        var error = Assert.Throws<HoconException>(() => Read(text));

        Assert.Contains("empty key", error.Message);
        Assert.Equal("x", Read("a.\"\".b = x").Get("a.\"\".b").AsString());
    }

    [Fact]
    public void A_key_may_hold_blanks_and_words_that_mean_something_elsewhere()
    {
        var config = Read("a b c = 1\nfoo include = 2\n\"include\" = 3\ntrue = 4");

        Assert.Equal(["a b c", "foo include", "include", "true"], config.Keys);
    }

    [Fact]
    public void Quoted_strings_know_the_escapes_of_json()
    {
        var config = Read("""a = "\" \\ \/ \b \f \n \r \t \u00e9 \ud83d\ude00" """);

        Assert.Equal("\" \\ / \b \f \n \r \t é 😀", config["a"].AsString());
    }

    [Fact]
    public void Three_quotes_enclose_several_lines_without_escapes()
    {
        var config = Read("a = \"\"\"one\n  \"two\" \\n\n\"\"\"\nb = \"\"\"\"quoted\"\"\"\"\nc = \"\"\"\"\"\"");

        Assert.Equal("one\n  \"two\" \\n\n", config["a"].AsString());
        Assert.Equal("\"quoted\"", config["b"].AsString());
        Assert.Equal("", config["c"].AsString());
    }

    [Fact]
    public void Unicode_may_stand_anywhere_and_its_blanks_are_blanks()
    {
        var config = Read("\uFEFFgrüße\u00A0=\u2003☃ 雪\u3000\nкључ = \"𝄞\"");

        Assert.Equal("☃ 雪", config["grüße"].AsString());
        Assert.Equal("𝄞", config["кључ"].AsString());
    }

    [Fact]
    public void Lines_may_end_as_on_windows()
    {
        var config = Read("a = x y\r\nb {\r\n  c = 1\r\n}\r\n");

        Assert.Equal("x y", config["a"].AsString());
        Assert.Equal(1, config.Get("b.c").AsInt());
    }

    [Fact]
    public void An_empty_text_is_an_empty_object()
    {
        Assert.Empty(Read(""));
        Assert.Empty(Read(" \n # nothing\n"));
        Assert.Empty(Read("{}"));
    }

    private static HoconObject Read(string text) => HoconDocument.Parse(text).Resolve(_ => null);
}
