using System.Globalization;

namespace Broker.Bench.Results;

/// <summary>One number that a run gave.</summary>
internal sealed record Figure(string Name, double Value, string Format = "N0")
{
    /// <summary>What could not be known is no number.</summary>
    public override string ToString() => !double.IsFinite(Value) ? "" : Value.ToString(Format, CultureInfo.InvariantCulture);
}

/// <summary>One run on one server: the first figure is the one that servers are compared by.</summary>
/// <param name="Figures">In the order of the table's columns.</param>
/// <param name="Wrong">What was lost, repeated, out of order…; empty is well.</param>
/// <param name="Note">What else there is to say.</param>
internal sealed record Measurement(IReadOnlyList<Figure> Figures, string Wrong = "", string Note = "")
{
    /// <summary>Each figure's median by itself.</summary>
    public static IReadOnlyList<Figure> Median(IReadOnlyList<Measurement> runs) =>
        [.. runs[0].Figures.Select((figure, column) => figure with { Value = Median(runs.Select(run => run.Figures[column].Value)) })];

    public static double Median(IEnumerable<double> values)
    {
        var ordered = values.Order().ToArray();
        var middle = ordered.Length / 2;
        return ordered.Length % 2 == 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
    }
}
