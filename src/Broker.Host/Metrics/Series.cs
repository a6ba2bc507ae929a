using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Broker.Host.Metrics;

/// <summary>
/// The values of one instrument, one for each set of labels. Counters add up; what is observable is set anew whenever somebody looks.
/// </summary>
internal sealed class Series
{
    /// <summary>Close codes are the client's choice: beyond so many sets of labels the rest is counted together.</summary>
    private const int MaxLabelSets = 100;

    private const string Overflow = "{overflow=\"true\"}";

    private readonly ConcurrentDictionary<string, Number> _numbers = new(StringComparer.Ordinal);
    private readonly Number _unlabelled = new();
    private bool _hasUnlabelled;

    public Series(Instrument instrument)
    {
        Name = PrometheusName.Of(instrument);
        Help = instrument.Description ?? "";
        Adds = !instrument.IsObservable;
        // A counter is there from the start: an alert on its increase needs the zero before the first one.
        _hasUnlabelled = PrometheusName.IsCounter(instrument);
        Type = PrometheusName.IsCounter(instrument) ? "counter" : "gauge";
    }

    public string Name { get; }

    public string Help { get; }

    public string Type { get; }

    private bool Adds { get; }

    /// <summary>On the hot path: no lock and no allocation without labels.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var number = labels.IsEmpty ? _unlabelled : Find(labels);
        if (labels.IsEmpty) _hasUnlabelled = true;

        if (Adds) number.Add(value);
        else number.Set(value);
    }

    /// <summary>The lines of all values.</summary>
    public void WriteTo(StringBuilder text)
    {
        if (_numbers.IsEmpty && _hasUnlabelled) WriteLine(text, "", _unlabelled);
        foreach (var (labels, number) in _numbers.OrderBy(pair => pair.Key, StringComparer.Ordinal)) WriteLine(text, labels, number);
    }

    private Number Find(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var text = Labels(labels);
        if (_numbers.TryGetValue(text, out var known)) return known;

        return _numbers.GetOrAdd(_numbers.Count < MaxLabelSets ? text : Overflow, static _ => new Number());
    }

    private void WriteLine(StringBuilder text, string labels, Number number) =>
        text.Append(Name).Append(labels).Append(' ').Append(number.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var text = new StringBuilder("{");
        foreach (var (name, value) in labels)
        {
            if (text.Length > 1) text.Append(',');
            text.Append(PrometheusName.OfLabel(name)).Append("=\"").Append(PrometheusName.Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")).Append('"');
        }

        return text.Append('}').ToString();
    }

    private sealed class Number
    {
        private double _value;

        public double Value => Volatile.Read(ref _value);

        public void Set(double value) => Volatile.Write(ref _value, value);

        public void Add(double value)
        {
            var seen = Volatile.Read(ref _value);
            while (true)
            {
                var before = Interlocked.CompareExchange(ref _value, seen + value, seen);
                if (before.Equals(seen)) return;

                seen = before;
            }
        }
    }
}
