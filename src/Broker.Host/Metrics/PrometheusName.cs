using System.Diagnostics.Metrics;

namespace Broker.Host.Metrics;

/// <summary>Spells an instrument as Prometheus does: <c>broker.publications.received</c> is <c>broker_publications_received_total</c>.</summary>
internal static class PrometheusName
{
    public static string Of(Instrument instrument)
    {
        var name = OfLabel(instrument.Name);
        if (instrument.Unit == "By" && !name.Contains("bytes", StringComparison.Ordinal)) name += "_bytes";
        return IsCounter(instrument) ? name + "_total" : name;
    }

    public static bool IsCounter(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        return type.StartsWith("Counter`", StringComparison.Ordinal) || type.StartsWith("ObservableCounter`", StringComparison.Ordinal);
    }

    /// <summary>Letters, digits and underscores, no digit first.</summary>
    public static string OfLabel(string name)
    {
        var spelled = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return char.IsAsciiDigit(spelled[0]) ? "_" + spelled : spelled;
    }

    /// <summary>A label's value between quotes.</summary>
    public static string Escape(string value) =>
        EscapeHelp(value).Replace("\"", "\\\"", StringComparison.Ordinal);

    /// <summary>A description after HELP.</summary>
    public static string EscapeHelp(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal);
}
