using System.Globalization;

namespace Broker.Hocon.Units;

/// <summary>A number and the name of a unit: <c>10 ms</c>, <c>1.5GiB</c>, <c>42</c>.</summary>
internal static class Quantity
{
    public static bool TryParse(string text, out decimal number, out string unit)
    {
        var end = text.AsSpan().TrimEnd();
        var letters = end.Length;
        while (letters > 0 && char.IsLetter(end[letters - 1]))
            letters--;

        unit = end[letters..].ToString();
        return decimal.TryParse(end[..letters], NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }
}
