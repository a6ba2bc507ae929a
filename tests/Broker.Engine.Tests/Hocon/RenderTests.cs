using Broker.Hocon;

namespace Broker.Engine.Tests.Hocon;

/// <summary>Values written back as text.</summary>
public sealed class RenderTests
{
    [Fact]
    public void Each_key_has_a_line_of_its_own()
    {
        var config = Read("a { b = 1, c = [x, [], {}, [y], { z = 1 }] }, e {}, l = []");

        var text = config.ToHocon();

        Assert.Equal(
            """
            a {
              b = 1
              c = [
                x,
                [],
                {},
                [
                  y
                ],
                {
                  z = 1
                }
              ]
            }
            e {}
            l = []

            """,
            text);
    }

    [Fact]
    public void Keys_and_strings_get_quotes_when_they_need_them()
    {
        var config = Read("""
            "a.b" = "x y", "include" = include, "" = "", plain-1 = 10ms, "ü" = "ü"
            n = null, s = "null", url = "redis://x", quote = "\"\\", line = "a\nb\u0001", number = -1.5e5
            """);

        var text = config.ToHocon();

        Assert.Equal(
            """
            "a.b" = "x y"
            "include" = include
            "" = ""
            plain-1 = 10ms
            "ü" = "ü"
            n = null
            s = "null"
            url = "redis://x"
            quote = "\"\\"
            line = "a\u000ab\u0001"
            number = -1.5e5

            """,
            text);
    }

    [Fact]
    public void An_object_is_written_without_its_path_and_a_list_alone()
    {
        var config = Read("akka { actor { provider = local } }, l = [1]");

        Assert.Equal("actor {\n  provider = local\n}\n", HoconText.Render(config.GetObject("akka")));
        Assert.Equal("[\n  1\n]", HoconText.Render(config["l"]));
        Assert.Equal("local", HoconText.Render(config.Get("akka.actor.provider")));
    }

    private static HoconObject Read(string text) => HoconDocument.Parse(text).Resolve(_ => null);
}
