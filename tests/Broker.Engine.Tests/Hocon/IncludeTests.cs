using Broker.Hocon;

namespace Broker.Engine.Tests.Hocon;

/// <summary>Files that include others.</summary>
public sealed class IncludeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("include \"part.conf\"")]
    [InlineData("include \"part\"")]
    [InlineData("include file(\"part.conf\")")]
    [InlineData("include required(\"part.conf\")")]
    [InlineData("include required(file(\"part.conf\"))")]
    [InlineData("include required( file( \"part.conf\" ) )")]
    [InlineData("include\n  \"part.conf\"")]
    [InlineData("{ include \"part.conf\", z = 0 }")]
    public void A_file_can_be_included_in_every_notation(string include)
    {
        _folder.Write("part.conf", "a = 1");
        var path = _folder.Write("main.conf", include);

        var config = HoconDocument.Load(path).Resolve();

        Assert.Equal(1, config["a"].AsInt());
    }

    [Fact]
    public void A_name_is_relative_to_the_including_file()
    {
        _folder.Write("deep/one.conf", "include \"two.conf\"");
        _folder.Write("deep/two.conf", "include \"../three.conf\"");
        _folder.Write("three.conf", "a = three");
        var path = _folder.Write("main.conf", "include \"deep/one.conf\"");

        var config = HoconDocument.Load(path).Resolve();

        Assert.Equal("three", config["a"].AsString());
    }

    [Fact]
    public void What_is_included_overrides_what_stands_before_and_is_overridden_by_what_comes_after()
    {
        _folder.Write("part.conf", "a = part, b = part, o { x = part }");
        var path = _folder.Write("main.conf", "a = before\no { x = before, y = before }\ninclude \"part.conf\"\nb = after");

        var config = HoconDocument.Load(path).Resolve();

        Assert.Equal("a = part\no {\n  x = part\n  y = before\n}\nb = after\n", config.ToHocon());
    }

    [Fact]
    public void A_missing_file_is_allowed_unless_it_is_required()
    {
        var optional = _folder.Write("optional.conf", "a = 1\ninclude \"nowhere.conf\"\ninclude file(\"no/where.conf\")");
        var required = _folder.Write("required.conf", "a = 1\n  include required(\"nowhere.conf\")");

        var config = HoconDocument.Load(optional).Resolve();
        var error = Assert.Throws<HoconException>(() => HoconDocument.Load(required));

        Assert.Equal(1, config["a"].AsInt());
        Assert.StartsWith($"{required}:2:3: cannot include \"nowhere.conf\": there is no file ", error.Message);
    }

    [Fact]
    public void Substitutions_of_an_included_file_are_looked_up_at_its_place_and_then_from_the_root()
    {
        _folder.Write("part.conf", "x = 10, y = ${x}, z = ${shared}, list += ${x}, list += 11");
        var path = _folder.Write("main.conf", "shared = root\nx = 0\na { include \"part.conf\" }\na.x = 42");

        var config = HoconDocument.Load(path).Resolve();

        Assert.Equal(42, config.Get("a.y").AsInt());
        Assert.Equal("root", config.Get("a.z").AsString());
        Assert.Equal(["42", "11"], config.Get("a.list").AsStringList());
    }

    [Fact]
    public void An_error_in_an_included_file_names_that_file()
    {
        var part = _folder.Write("part.conf", "\n  = 1");
        var path = _folder.Write("main.conf", "include \"part.conf\"");

        var error = Assert.Throws<HoconException>(() => HoconDocument.Load(path));

        Assert.Equal($"{part}:2:3: expected a key, found '='", error.Message);
        Assert.Equal((part, 2, 3), (error.Source, error.Line, error.Column));
    }

    [Fact]
    public void Files_that_include_each_other_in_a_circle_are_an_error()
    {
        _folder.Write("one.conf", "include \"two.conf\"");
        var path = _folder.Write("two.conf", "include \"one.conf\"");

        var error = Assert.Throws<HoconException>(() => HoconDocument.Load(path));

        Assert.Contains("circle", error.Message);
        Assert.Contains("one.conf → ", error.Message);
    }

    [Fact]
    public void A_long_chain_of_files_is_an_error()
    {
        for (var i = 0; i < 100; i++)
            _folder.Write($"{i}.conf", $"include \"{i + 1}.conf\"");

        var error = Assert.Throws<HoconException>(() => HoconDocument.Load(_folder.Write("main.conf", "include \"0.conf\"")));

        Assert.Contains("include each other", error.Message);
    }

    // Each file includes the next one twice: without a bound a billion files would be read.
    [Fact]
    public void Many_includes_in_few_files_are_an_error()
    {
        for (var i = 0; i < 30; i++)
            _folder.Write($"{i}.conf", $"include \"{i + 1}.conf\"\ninclude \"{i + 1}.conf\"");

        var error = Assert.Throws<HoconException>(() => HoconDocument.Load(_folder.Write("main.conf", "include \"0.conf\"")));

        Assert.Contains("includes", error.Message);
    }

    [Theory]
    [InlineData("include part")]
    [InlineData("include = 1")]
    [InlineData("include url(\"http://localhost/part.conf\")")]
    [InlineData("include \"http://localhost/part.conf\"")]
    [InlineData("include required(\"part.conf\"")]
    [InlineData("include \"part.conf\" more")]
    [InlineData("include \"\"")]
    [InlineData("include \"\\u0000\"")]
    [InlineData("a = [{ include \"part.conf\" }]")]
    public void An_include_that_is_none_is_refused(string text)
    {
        _folder.Write("part.conf", "a = 1");
        var path = _folder.Write("main.conf", text);

        var error = Assert.Throws<HoconException>(() => HoconDocument.Load(path));

        Assert.StartsWith($"{path}:1:", error.Message);
        Assert.Contains("include", error.Message);
    }

    [Fact]
    public void A_text_without_a_file_cannot_include_by_a_relative_name()
    {
        var error = Assert.Throws<HoconException>(() => HoconDocument.Parse("include \"part.conf\"", "inline"));

        Assert.StartsWith("inline:1:1: ", error.Message);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_named()
    {
        var missing = Path.Combine(Path.GetTempPath(), "no-such-folder", "broker.conf");
        var folder = Path.GetDirectoryName(_folder.Write("in/it.conf", ""))!;

        var error = Assert.Throws<HoconException>(() => HoconDocument.Load(missing));
        var notAFile = Assert.Throws<HoconException>(() => HoconDocument.Load(folder));

        Assert.Equal($"{missing}: there is no such file", error.Message);
        Assert.StartsWith($"{folder}: cannot read ", notAFile.Message);
    }

    [Fact]
    public void A_file_that_is_not_utf8_is_refused()
    {
        var path = _folder.Write("latin.conf", "");
        File.WriteAllBytes(path, [(byte)'a', (byte)'=', 0xE9]);

        var error = Assert.Throws<HoconException>(() => HoconDocument.Load(path));

        Assert.Contains("UTF-8", error.Message);
    }
}
