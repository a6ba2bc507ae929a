using System.Globalization;
using Broker.Hocon.Units;

namespace Broker.Hocon;

/// <summary>A string, number, boolean or null: its text, as it was written.</summary>
public sealed class HoconScalar : HoconValue
{
    private const int LongestQuote = 60;

    internal HoconScalar(HoconOrigin origin, KeyPath path, string text, bool isNull = false)
        : base(origin, path) => (Text, IsNull) = (text, isNull);

    /// <summary>The raw text: <c>1.50</c> stays <c>1.50</c>. Without the quotes and escapes of a quoted string.</summary>
    public string Text { get; }

    /// <summary>The value is null, which is not the string "null".</summary>
    public bool IsNull { get; }

    internal override int Depth => 1;

    internal override string Kind => "a string";

    private protected override string Described => IsNull ? "null" : $"'{Shortened}'";

    private string Shortened => Text.Length > LongestQuote ? Text[..LongestQuote] + "…" : Text;

    /// <inheritdoc/>
    public override string AsString() => IsNull ? base.AsString() : Text;

    /// <inheritdoc/>
    public override bool AsBoolean() => Text switch
    {
        "true" or "on" or "yes" => true,
        "false" or "off" or "no" => false,
        _ => throw Expected("true, on, yes or false, off, no"),
    };

    /// <inheritdoc/>
    public override int AsInt() =>
        int.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Expected($"a whole number from {int.MinValue} to {int.MaxValue}");

    /// <inheritdoc/>
    public override long AsLong() =>
        long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Expected($"a whole number from {long.MinValue} to {long.MaxValue}");

    /// <inheritdoc/>
    public override double AsDouble() =>
        double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw Expected("a number");

    /// <inheritdoc/>
    public override TimeSpan AsDuration() =>
        Duration.TryParse(Text, out var duration) ? duration : throw Expected($"a duration such as 30s ({Duration.Allowed})");

    /// <inheritdoc/>
    public override long AsSize() =>
        ByteSize.TryParse(Text, out var bytes) ? bytes : throw Expected($"a size in bytes such as 64KiB ({ByteSize.Allowed})");

    internal override HoconScalar At(KeyPath path, Action<long> spend)
    {
        spend(Limits.Value + Text.Length);
        return new HoconScalar(Origin, path, Text, IsNull);
    }
}
