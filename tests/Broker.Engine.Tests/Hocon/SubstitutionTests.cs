using Broker.Hocon;

namespace Broker.Engine.Tests.Hocon;

/// <summary>What <c>${path}</c>, <c>${?path}</c> and <c>+=</c> see. Many examples are those of the HOCON specification.</summary>
public sealed class SubstitutionTests
{
    [Fact]
    public void A_substitution_sees_the_final_value_of_its_path_even_if_it_comes_later()
    {
        var config = Read("a = ${b.c}\nb.c = 1\nb.c = 2");

        Assert.Equal(2, config["a"].AsInt());
    }

    [Fact]
    public void A_substitution_alone_keeps_the_kind_of_its_value()
    {
        var config = Read("o { x = 1 }, l = [1], n = null\na = ${o}, b = ${l}, c = ${n}");

        Assert.Equal("a.x", config.Get("a.x").Path);
        Assert.Equal(["1"], config["b"].AsStringList());
        Assert.True(config["c"] is HoconScalar { IsNull: true });
    }

    [Fact]
    public void Substitutions_join_with_text_and_the_blanks_around_them()
    {
        var config = Read("name = world, n = 1\na = hello ${name}  you ${n}\"!\"");

        Assert.Equal("hello world  you 1!", config["a"].AsString());
    }

    [Fact]
    public void A_substitution_in_quotes_is_text()
    {
        var config = Read("a = \"${b}\"");

        Assert.Equal("${b}", config["a"].AsString());
    }

    [Fact]
    public void A_path_that_no_file_sets_is_looked_up_in_the_environment()
    {
        var config = Read("redis = ${BROKER_REDIS}", new() { ["BROKER_REDIS"] = "localhost:6379" });

        Assert.Equal("localhost:6379", config["redis"].AsString());
    }

    [Fact]
    public void A_value_in_a_file_wins_over_the_environment_even_if_it_is_null()
    {
        var config = Read("HOME = here, USER = null\na = ${HOME}, b = ${USER}", new() { ["HOME"] = "env", ["USER"] = "env" });

        Assert.Equal("here", config["a"].AsString());
        Assert.True(config["b"] is HoconScalar { IsNull: true });
    }

    [Fact]
    public void Without_a_function_the_variables_of_the_process_are_the_environment()
    {
        var config = HoconDocument.Parse("path = ${PATH}").Resolve();

        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), config["path"].AsString());
    }

    // Akka.NET's parser sets the value to null here, so that a default in reference.conf is lost when the variable is not set.
    [Fact]
    public void A_missing_optional_substitution_leaves_the_earlier_value()
    {
        const string Text = "broker.redis.connection = default\nbroker.redis.connection = ${?BROKER_REDIS}";

        Assert.Equal("default", Read(Text).Get("broker.redis.connection").AsString());
        Assert.Equal("set", Read(Text, new() { ["BROKER_REDIS"] = "set" }).Get("broker.redis.connection").AsString());
    }

    [Fact]
    public void A_missing_optional_substitution_makes_no_field_no_item_and_no_text()
    {
        var config = Read("a = ${?x}\nb = ${?x}${?y}\nc = [1, ${?x}, 2]\nd = pre${?x}post\ne = [1] ${?x}\nf = ${?x} { g = 1 }");

        Assert.Equal(["c", "d", "e", "f"], config.Keys);
        Assert.Equal(["1", "2"], config["c"].AsStringList());
        Assert.Equal("prepost", config["d"].AsString());
        Assert.Equal(["1"], config["e"].AsStringList());
        Assert.Equal("g = 1\n", config["f"].ToHocon());
    }

    [Fact]
    public void A_missing_required_substitution_is_an_error_at_its_place()
    {
        var error = Assert.Throws<HoconException>(() => Read("a {\n  b = x ${no.where}\n}"));

        Assert.Equal((2, 9), (error.Line, error.Column));
        Assert.Contains("${no.where}", error.Message);
    }

    [Fact]
    public void A_substitution_that_a_later_value_hides_is_never_looked_up()
    {
        var config = Read("a = ${does-not-exist}\na = 42\nb = ${b}\nb = 43");

        Assert.Equal(42, config["a"].AsInt());
        Assert.Equal(43, config["b"].AsInt());
    }

    [Fact]
    public void A_self_reference_sees_what_was_set_before()
    {
        var config = Read("path = [/bin]\npath = ${path} [/usr/bin]\npath = ${path} [/sbin]\ns = a\ns = ${s}b\ns = ${?s}c");

        Assert.Equal(["/bin", "/usr/bin", "/sbin"], config["path"].AsStringList());
        Assert.Equal("abc", config["s"].AsString());
    }

    [Fact]
    public void An_optional_self_reference_may_be_the_first_mention()
    {
        var config = Read("a = ${?a}foo\nb = ${?b} [1]\nc = ${?c}");

        Assert.Equal("foo", config["a"].AsString());
        Assert.Equal(["1"], config["b"].AsStringList());
        Assert.False(config.ContainsKey("c"));
    }

    [Fact]
    public void A_self_reference_into_the_own_object_sees_the_value_below()
    {
        var config = Read("foo : { a : { c : 1 } }\nfoo : ${foo.a}\nfoo : { a : 2 }");

        Assert.Equal(2, config.Get("foo.a").AsInt());
        Assert.Equal(1, config.Get("foo.c").AsInt());
    }

    [Fact]
    public void An_object_may_refer_to_its_own_fields()
    {
        var config = Read("bar : { foo : 42, baz : ${bar.foo} }\nbar : { foo : 43 }");

        Assert.Equal(43, config.Get("bar.baz").AsInt());
    }

    [Fact]
    public void Objects_may_refer_to_each_others_fields()
    {
        var config = Read("bar : { a : ${foo.d}, b : 1 }\nbar.b = 3\nfoo : { c : ${bar.b}, d : 2 }\nfoo.d = 4");

        Assert.Equal(4, config.Get("bar.a").AsInt());
        Assert.Equal(3, config.Get("foo.c").AsInt());
    }

    [Fact]
    public void An_object_inherits_from_another_and_may_refer_to_itself()
    {
        var config = Read("generic { size = 6, name = none }\neast = ${generic} { name = east, label = ${east.name}-${east.size} }");

        Assert.Equal("size = 6\nname = east\nlabel = east-6\n", config["east"].ToHocon());
    }

    [Fact]
    public void Inherited_objects_merge_at_every_level()
    {
        var config = Read("base { o { p { x = 1, y = 1 } } }\na = ${base} { o { p { y = 2 } } }\na.o.p.z = 3");

        Assert.Equal("x = 1\ny = 2\nz = 3\n", config.Get("a.o.p").ToHocon());
    }

    [Fact]
    public void A_substitution_that_is_no_object_hides_the_fields_of_the_object_before()
    {
        var config = Read("text = x\na { b = 1 }\na = ${text}\nc = ${?a.b}\nd = ${?a}");

        Assert.False(config.ContainsKey("c"));
        Assert.Equal("x", config["d"].AsString());
    }

    [Fact]
    public void Two_fields_that_swap_their_values_both_get_the_same()
    {
        var config = Read("a = 1\nb = 2\na = ${b}\nb = ${a}");

        Assert.Equal(config["a"].AsInt(), config["b"].AsInt());
    }

    [Theory]
    [InlineData("a = ${a}")]
    [InlineData("a = ${b}\nb = ${a}")]
    [InlineData("a = ${b}, b = ${c}, c = ${a}")]
    [InlineData("a = x${a}")]
    [InlineData("a = { b = ${a} }")]
    [InlineData("a = [${a}]")]
    [InlineData("a = [{ b = ${a} }]")]
    [InlineData("a = ${b.c}, b = { c = ${a} }")]
    public void A_circle_of_substitutions_is_a_clear_error(string text)
    {
        var error = Assert.Throws<HoconException>(() => Read(text));

        Assert.True(error.Message.Contains("itself") && error.Message.Contains("${a}"), error.Message);
        Assert.Equal("text", error.Source);
    }

    [Theory]
    [InlineData("a = ${?b}\nb = ${?a}")]
    [InlineData("a = { b = ${?a} }")]
    [InlineData("a = [${?a}]")]
    public void A_circle_of_optional_substitutions_is_a_missing_value(string text)
    {
        var config = Read(text);

        Assert.DoesNotContain("$", config.ToHocon());
    }

    [Fact]
    public void Plus_equals_appends_to_a_list_and_starts_one()
    {
        var config = Read("a = [1]\na += 2\na += { x = 3 }\nb += ${?MISSING}\nb += [4]\nc.d += x, c { d += y }");

        Assert.Equal(["1", "2"], config["a"].AsList().Take(2).Select(item => item.AsString()));
        Assert.Equal("a[2].x", config["a"].AsList()[2].AsObject()["x"].Path);
        Assert.Equal("4", config["b"].AsList().Single().AsStringList().Single());
        Assert.Equal(["x", "y"], config.Get("c.d").AsStringList());
    }

    [Fact]
    public void Plus_equals_appends_to_a_list_that_comes_by_substitution()
    {
        var config = Read("base = [1]\na = ${base}\na += 2\na += 3");

        Assert.Equal(["1", "2", "3"], config["a"].AsStringList());
        Assert.Equal(["1"], config["base"].AsStringList());
    }

    [Fact]
    public void Plus_equals_does_not_take_its_list_from_the_environment()
    {
        var config = Read("PATH += x", new() { ["PATH"] = "/bin:/sbin" });

        Assert.Equal(["x"], config["PATH"].AsStringList());
    }

    [Fact]
    public void Plus_equals_on_something_else_than_a_list_is_an_error()
    {
        var error = Assert.Throws<HoconException>(() => Read("a = 1\na += 2"));

        Assert.Equal("text:2:6: cannot join a string and a list", error.Message);
    }

    private static HoconObject Read(string text, Dictionary<string, string>? environment = null) =>
        HoconDocument.Parse(text).Resolve(name => environment?.GetValueOrDefault(name));
}
