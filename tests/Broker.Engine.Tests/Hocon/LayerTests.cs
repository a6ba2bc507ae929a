using Broker.Hocon;

namespace Broker.Engine.Tests.Hocon;

/// <summary>Documents over each other: a user's file over reference.conf.</summary>
public sealed class LayerTests
{
    [Fact]
    public void The_upper_document_wins_and_objects_merge()
    {
        var upper = HoconDocument.Parse("broker { prefix = mine, redis.connection = \"redis:6379\" }");
        var lower = HoconDocument.Parse("broker { prefix = \"\", redis { connection = \"\", database = 0 } }");

        var config = upper.WithFallback(lower).Resolve(_ => null);

        Assert.Equal("broker {\n  prefix = mine\n  redis {\n    connection = \"redis:6379\"\n    database = 0\n  }\n}\n", config.ToHocon());
    }

    [Fact]
    public void Substitutions_are_resolved_over_all_layers()
    {
        var upper = HoconDocument.Parse("name = upper\ncopy = ${default}");
        var lower = HoconDocument.Parse("name = lower\ndefault = 1\ngreeting = hello ${name}");

        var config = upper.WithFallback(lower).Resolve(_ => null);

        Assert.Equal("hello upper", config["greeting"].AsString());
        Assert.Equal(1, config["copy"].AsInt());
    }

    [Fact]
    public void A_self_reference_and_plus_equals_see_the_lower_layer()
    {
        var upper = HoconDocument.Parse("path = ${path} [upper]\nlist += upper\nobject = ${object} { b = 2 }");
        var lower = HoconDocument.Parse("path = [lower]\nlist = [lower]\nobject { a = 1 }");

        var config = upper.WithFallback(lower).Resolve(_ => null);

        Assert.Equal(["lower", "upper"], config["path"].AsStringList());
        Assert.Equal(["lower", "upper"], config["list"].AsStringList());
        Assert.Equal("a = 1\nb = 2\n", config["object"].ToHocon());
    }

    [Fact]
    public void A_missing_optional_substitution_of_the_upper_layer_leaves_the_value_of_the_lower()
    {
        var upper = HoconDocument.Parse("port = ${?BROKER_PORT}");
        var lower = HoconDocument.Parse("port = 8080");

        var config = upper.WithFallback(lower).Resolve(_ => null);

        Assert.Equal(8080, config["port"].AsInt());
    }

    [Fact]
    public void A_value_that_is_no_object_hides_all_objects_below()
    {
        var top = HoconDocument.Parse("a { x = 1 }");
        var middle = HoconDocument.Parse("a = 42");
        var bottom = HoconDocument.Parse("a { y = 2 }");

        var config = top.WithFallback(middle).WithFallback(bottom).Resolve(_ => null);
        var same = top.WithFallback(middle.WithFallback(bottom)).Resolve(_ => null);

        Assert.Equal("a {\n  x = 1\n}\n", config.ToHocon());
        Assert.Equal(config.ToHocon(), same.ToHocon());
    }

    [Fact]
    public void Layering_leaves_both_documents_as_they_were()
    {
        var upper = HoconDocument.Parse("a += 2\no { x = 2 }");
        var lower = HoconDocument.Parse("a = [1]\no { x = 1, y = 1 }");

        upper.WithFallback(lower).WithFallback(lower).Resolve(_ => null);

        Assert.Equal(["2"], upper.Resolve(_ => null)["a"].AsStringList());
        Assert.Equal(["1"], lower.Resolve(_ => null)["a"].AsStringList());
        Assert.Equal("x = 1\ny = 1\n", lower.Resolve(_ => null)["o"].ToHocon());
    }

    [Fact]
    public void A_document_may_be_its_own_fallback()
    {
        var document = HoconDocument.Parse("a += x\nb = ${?b}y");

        var config = document.WithFallback(document).Resolve(_ => null);

        Assert.Equal(["x", "x"], config["a"].AsStringList());
        Assert.Equal("yy", config["b"].AsString());
    }
}
