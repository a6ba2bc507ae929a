using System.Text.Json.Nodes;
using Broker.Hocon;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Engine.Tests.Hocon;

/// <summary>What holds for every text, shown with random ones.</summary>
public sealed class PropertyTests
{
    private static readonly string[] Documents =
    [
        """
        # A comment
        broker {
          redis { connection = "localhost:6379", connection = ${?BROKER_REDIS} }
          timeouts = [1s, 2 m, "3 h"] // units
          path = ${?PATH} [/bin]
          list += { a = 1 }
          text = "\u00e9 \"quoted\""
        }
        include "other.conf"
        """,
        "a : { b : ${c.d}, \"x.y\" : [1, [2, 3], { e = true }] }\nc.d = \"\"\"x\n\"y\"\"\"\"\nc = ${a} { f = pre ${a.b} post }",
        "{ \"json\" : [ 1.5e+3, -2, true, false, null, \"\\n\\t\\\\\" ], \"o\" : { \"k\" : {} } }",
        "a = ${b}\nb = ${?a}\nc = ${c}\nc = [${?c}]\nd = { e = ${d} }\ninclude required(file(\"x\"))",
        "a = 1\r\na += 2\r\nb = ${a} ${a}\r\nb = ${b}",
    ];

    private static readonly string[] Snippets =
    [
        "a", "b", "a.b", "b.a", "x", "1", "-1.5e+3", "null", "true", "10 ms", "\"a\"", "é", "😀",
        " ", "\n", "\t", "\0", "\uFEFF", "\u2003",
        ",", "=", ":", "+=", "{", "}", "[", "]", "${", "${?", "${a}", "${?b}", "${a.b}", "$", ".", "..", "#", "//", "\"", "\"\"\"",
        "\\", "\\u12", "\\ud800", "include ", "include \"a\"", "file(", ")", "a = ", "a = ${a}", "a += ", "{ a = ", "[ ",
    ];

    [Fact]
    public void Any_text_is_read_or_refused_with_an_error_of_its_own()
    {
        var texts = ArbMap.Default.ArbFor<string>().Filter(text => text is not null);

        Check(5000, Prop.ForAll(texts, IsReadOrRefused));
    }

    [Fact]
    public void Any_mixture_of_syntax_is_read_or_refused_with_an_error_of_its_own()
    {
        var texts = Gen.Elements(Snippets).ListOf().Select(string.Concat).ToArbitrary();

        Check(5000, Prop.ForAll(texts, IsReadOrRefused));
    }

    [Fact]
    public void Any_mutation_of_a_document_is_read_or_refused_with_an_error_of_its_own()
    {
        var mutation =
            from position in Gen.Choose(0, 1000)
            from removed in Gen.Choose(0, 8)
            from added in Gen.OneOf(Gen.Constant(""), Gen.Elements(Snippets), Gen.Choose(0, 0xFFFF).Select(code => ((char)code).ToString()))
            select (position, removed, added);
        var texts =
            from document in Gen.Elements(Documents)
            from mutations in mutation.ListOf()
            select mutations.Aggregate(document, (text, change) => Mutate(text, change.position, change.removed, change.added));

        Check(5000, Prop.ForAll(texts.ToArbitrary(), IsReadOrRefused));
    }

    [Fact]
    public void Any_fields_that_refer_to_each_other_are_resolved_or_refused_with_an_error_of_its_own()
    {
        Check(5000, Prop.ForAll(ReferringDocuments(), IsReadOrRefused));
    }

    [Fact]
    public void Any_json_object_is_read_as_json_means_it()
    {
        Check(2000, Prop.ForAll(JsonObjects(), json => Same(json, Read(json.ToJsonString()))));
    }

    [Fact]
    public void What_is_rendered_is_read_back_as_the_same_value()
    {
        Check(2000, Prop.ForAll(JsonObjects(), json => Same(json, Read(Read(json.ToJsonString()).ToHocon()))));
    }

    [Fact]
    public void What_was_resolved_is_rendered_and_read_back()
    {
        Check(5000, Prop.ForAll(ReferringDocuments(), text => Try(text) is not { } rendered || Read(rendered).ToHocon() == rendered));
    }

    private static bool IsReadOrRefused(string text)
    {
        Try(text);
        return true;
    }

    // Any other exception than HoconException fails the property.
    private static string? Try(string text)
    {
        try
        {
            var document = HoconDocument.Parse(text);
            return document.WithFallback(document).Resolve().ToHocon();
        }
        catch (HoconException e)
        {
            Assert.NotEqual(0, e.Line);
            return null;
        }
    }

    private static string Mutate(string text, int position, int removed, string added)
    {
        var at = position % (text.Length + 1);
        return text[..at] + added + text[Math.Min(text.Length, at + removed)..];
    }

    private static HoconObject Read(string text) => HoconDocument.Parse(text).Resolve(_ => null);

    private static void Check(int times, Property property) =>
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(times), property);

    private static bool Same(JsonNode? json, HoconValue value) => json switch
    {
        null => value is HoconScalar { IsNull: true },
        JsonArray array => array.Count == value.AsList().Count && array.Zip(value.AsList(), Same).All(same => same),
        JsonObject fields => fields.Select(field => field.Key).SequenceEqual(value.AsObject().Keys)
            && fields.All(field => Same(field.Value, value.AsObject()[field.Key])),
        _ => json.GetValueKind() == System.Text.Json.JsonValueKind.String
            ? json.GetValue<string>() == value.AsString()
            : json.ToJsonString() == value.AsString(),
    };

    private static Arbitrary<string> ReferringDocuments()
    {
        var key = Gen.Elements("a", "b", "c", "a.b", "b.a", "c.a.b");
        var reference = Gen.OneOf(key.Select(path => $"${{{path}}}"), key.Select(path => $"${{?{path}}}"));
        var scalar = Gen.Elements("1", "x", "\"y z\"", "null", "${?PATH}");
        var separator = Gen.Elements("=", "=", "=", "+=");

        return Fields(3).ToArbitrary();

        Gen<string> Value(int levels)
        {
            var simple = Gen.Frequency((2, scalar), (3, reference));
            if (levels == 0)
                return simple;

            var list = Value(levels - 1).ListOf().Resize(3).Select(items => $"[{string.Join(", ", items)}]");
            var fields = Fields(levels - 1).Select(text => $"{{\n{text}\n}}");
            var one = Gen.Frequency((4, simple), (2, list), (2, fields));
            return Gen.Frequency((3, one), (1, one.Two().Select(pair => $"{pair.Item1} {pair.Item2}")));
        }

        Gen<string> Fields(int levels)
        {
            var field = from path in key from sign in separator from value in Value(levels) select $"{path} {sign} {value}";
            return field.ListOf().Resize(6).Select(fields => string.Join('\n', fields));
        }
    }

    private static Arbitrary<JsonObject> JsonObjects()
    {
        var character = Gen.OneOf(Gen.Elements(Snippets), Gen.Choose(0, 0xD7FF).Select(code => ((char)code).ToString()))
            .Select(text => text.Replace("\\ud800", ""));
        var text = character.ListOf().Select(string.Concat);
        var scalar = Gen.OneOf(
            text.Select(value => (JsonNode?)JsonValue.Create(value)),
            ArbMap.Default.ArbFor<int>().Generator.Select(value => (JsonNode?)JsonValue.Create(value)),
            ArbMap.Default.ArbFor<NormalFloat>().Generator.Select(value => (JsonNode?)JsonValue.Create(value.Get)),
            Gen.Elements(true, false).Select(value => (JsonNode?)JsonValue.Create(value)),
            Gen.Constant<JsonNode?>(null));

        return Fields(3).ToArbitrary();

        Gen<JsonNode?> Value(int levels) => levels == 0
            ? scalar
            : Gen.OneOf(
                scalar,
                Value(levels - 1).ListOf().Resize(5).Select(items => (JsonNode?)new JsonArray([.. items.Select(Clone)])),
                Fields(levels - 1).Select(fields => (JsonNode?)fields));

        Gen<JsonObject> Fields(int levels) =>
            from keys in text.ListOf().Resize(5)
            from values in Value(levels).ListOf(keys.Count)
            select new JsonObject(keys.Zip(values, (key, value) => KeyValuePair.Create(key, Clone(value))).DistinctBy(field => field.Key));

        // A generator may hand out the same node twice, and a node has one parent.
        JsonNode? Clone(JsonNode? node) => node?.DeepClone();
    }
}
