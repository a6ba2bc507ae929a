using System.Text;
using Broker.Hocon;

namespace Broker.Engine.Tests.Hocon;

/// <summary>Texts made to exhaust stack, memory or time end with an error instead.</summary>
public sealed class HostileTextTests
{
    private const int Many = 20_000;

    [Fact]
    public void Deep_nesting_is_refused()
    {
        Assert.Contains("nested", Refuse("a = " + Repeat("[")));
        Assert.Contains("nested", Refuse(Repeat("{ a = ")));
        Assert.Contains("nested", Refuse(Repeat("a {")));
        Assert.Contains("nested", Refuse(Repeat("a = [{")));
        Assert.Contains("keys", Refuse(Repeat("a.") + "a = 1"));
        Assert.Contains("keys", Refuse("a = ${" + Repeat("a.") + "a}"));
        Assert.Contains("nested", Refuse(string.Concat(Enumerable.Repeat("a.a.a.a.a.a { ", 100))));
    }

    [Fact]
    public void Nesting_that_is_allowed_needs_little_stack()
    {
        const int Deep = 120;
        var lists = "a = " + new string('[', Deep) + new string(']', Deep);
        var path = string.Join('.', Enumerable.Repeat("a", Deep));
        var chain = new StringBuilder("a0 = 1\n");
        for (var i = 1; i < Deep; i++)
            chain.Append($"a{i} = ${{a{i - 1}}}x\n");

        var error = OnStack(512, () =>
        {
            HoconDocument.Parse(lists).Resolve(_ => null).ToHocon();
            HoconDocument.Parse($"b = ${{{path}}}").WithFallback(HoconDocument.Parse($"{path} = 2")).Resolve(_ => null).ToHocon();
            HoconDocument.Parse(chain.ToString()).Resolve(_ => null).ToHocon();
        });

        Assert.Null(error);
    }

    [Fact]
    public void Long_chains_of_substitutions_are_refused_or_read()
    {
        var forward = new StringBuilder();
        var backward = new StringBuilder("b0 = 1\n");
        var longPaths = new StringBuilder();
        var nested = new StringBuilder("d0 { x = 1 }\n");
        var keys = string.Concat(Enumerable.Repeat(".a", 100));
        for (var i = 0; i < Many; i++)
        {
            forward.Append($"a{i} = ${{a{i + 1}}}\n");
            backward.Append($"b{i + 1} = ${{b{i}}}\n");
            nested.Append($"d{i + 1} {{ x = ${{d{i}}} }}\n");
        }

        for (var i = 0; i < 1000; i++)
            longPaths.Append($"c{i}{keys} = ${{c{i + 1}{keys}}}\n");

        Assert.Contains("steps", Refuse(forward.ToString()));
        Assert.Contains("steps", Refuse(longPaths.ToString()));
        Assert.Contains("deeper", Refuse(nested.ToString()));
        Assert.Equal("1", HoconDocument.Parse(backward.ToString()).Resolve(_ => null)[$"b{Many}"].AsString());
    }

    [Theory]
    [InlineData("a0 = xxxxxxxxxx", "a{1} = ${a{0}}${a{0}}")]
    [InlineData("a0 = [1]", "a{1} = ${a{0}} ${a{0}}")]
    [InlineData("a0 = [1]", "a{1} = [${a{0}}, ${a{0}}]")]
    [InlineData("a0 { l = 1 }", "a{1} { l = ${a{0}}, r = ${a{0}} }")]
    public void Values_that_double_from_line_to_line_are_refused(string first, string next)
    {
        var text = new StringBuilder(first);
        for (var i = 0; i < 60; i++)
            text.Append('\n').Append(next.Replace("{0}", $"{i}").Replace("{1}", $"{i + 1}"));

        Assert.Contains("expand", Refuse(text.ToString()));
    }

    [Fact]
    public void A_merge_of_values_that_double_is_refused()
    {
        var text = new StringBuilder("a0 { l = 1 }");
        for (var i = 0; i < 60; i++)
            text.Append($"\na{i + 1} {{ l = ${{a{i}}}, r = ${{a{i}}} }}");

        Assert.Contains("expand", Refuse($"{text}\nz = ${{a60}} ${{a60}}"));
    }

    [Fact]
    public void Many_lines_for_one_key_are_read_quickly()
    {
        var text = new StringBuilder();
        for (var i = 0; i < Many; i++)
            text.Append($"list += {i}\nobject.key{i} = {i}\nscalar = {i}\n");

        var config = HoconDocument.Parse(text.ToString()).Resolve(_ => null);

        Assert.Equal(Many, config["list"].AsList().Count);
        Assert.Equal(Many, config["object"].AsObject().Count);
        Assert.Equal(Many - 1, config["scalar"].AsInt());
    }

    [Fact]
    public void Work_that_grows_with_the_square_of_the_text_is_refused()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 20_000; i++)
            text.Append($"a = ${{?none}}\nb{i} = ${{?a}}\n");

        Assert.Contains("expand", Refuse(text.ToString()));
    }

    // A device is a file that never ends.
    [Fact]
    public void An_endless_file_is_refused()
    {
        if (!File.Exists("/dev/zero"))
            return;

        Assert.Contains("MiB", Refuse("include \"/dev/zero\""));
    }

    private static string Repeat(string part) => string.Concat(Enumerable.Repeat(part, Many));

    private static string Refuse(string text) =>
        Assert.IsType<HoconException>(OnStack(256, () => HoconDocument.Parse(text).Resolve(_ => null))).Message;

    private static Exception? OnStack(int kilobytes, Action action)
    {
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(action), maxStackSize: kilobytes * 1024);
        thread.Start();
        thread.Join();

        return error;
    }
}
