using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Broker.Hocon;

/// <summary>Writes resolved values as HOCON that this reader and Akka.NET's <c>ConfigurationFactory.ParseString</c> read alike.</summary>
/// <remarks>Akka.NET 1.5 itself trims strings when it hands them out, and takes the string "null" for null.</remarks>
public static partial class HoconText
{
    /// <summary>The text of a value, one key a line; the fields of an object stand without braces around them.</summary>
    public static string Render(HoconValue value)
    {
        var text = new StringBuilder();

        if (value is HoconObject root)
            AppendFields(text, root, "");
        else
            Append(text, value, "");

        return text.ToString();
    }

    /// <summary>The text of a value: <see cref="Render"/>.</summary>
    public static string ToHocon(this HoconValue value) => Render(value);

    /// <summary>A key as it is written in a file: in quotes when it needs them.</summary>
    internal static string Key(string key) => PlainKey().IsMatch(key) && key != "include" ? key : Quoted(key);

    private static void AppendFields(StringBuilder text, HoconObject value, string indent)
    {
        foreach (var (key, field) in value)
        {
            text.Append(indent).Append(Key(key)).Append(field is HoconObject ? " " : " = ");
            Append(text, field, indent);
            text.Append('\n');
        }
    }

    private static void Append(StringBuilder text, HoconValue value, string indent)
    {
        var deeper = indent + "  ";

        switch (value)
        {
            case HoconScalar scalar:
                text.Append(scalar.IsNull ? "null" : Scalar(scalar.Text));
                break;

            case HoconObject { Count: 0 }:
                text.Append("{}");
                break;

            case HoconObject fields:
                text.Append("{\n");
                AppendFields(text, fields, deeper);
                text.Append(indent).Append('}');
                break;

            // Akka.NET takes the blank in "[ ]" for an item.
            case HoconList { Items.Count: 0 }:
                text.Append("[]");
                break;

            case HoconList list:
                AppendItems(text, list, indent);
                break;
        }
    }

    private static void AppendItems(StringBuilder text, HoconList list, string indent)
    {
        var deeper = indent + "  ";
        var separator = "\n";

        text.Append('[');
        foreach (var item in list.Items)
        {
            text.Append(separator).Append(deeper);
            Append(text, item, deeper);
            separator = ",\n";
        }

        text.Append('\n').Append(indent).Append(']');
    }

    private static string Scalar(string text) => PlainText().IsMatch(text) && text != "null" ? text : Quoted(text);

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');

        foreach (var c in text)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (char.IsControl(c))
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]+\z")]
    private static partial Regex PlainKey();

    // Numbers, booleans, words, durations: all that needs no quotes in any reader.
    [GeneratedRegex(@"\A-?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\z")]
    private static partial Regex PlainText();
}
