using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Broker.Actors.Settings;

namespace Broker.Host.Metrics;

/// <summary>
/// Hears what one node counts and writes it down in Prometheus's text format 0.0.4. Instruments of others, also of other nodes in the process, are not its own.
/// </summary>
internal sealed class MetricsCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, Series> _series = new();
    private readonly Lock _oneReader = new();

    public MetricsCollector()
    {
        _listener.SetMeasurementEventCallback<long>(static (_, value, labels, series) => ((Series)series!).Record(value, labels));
        _listener.SetMeasurementEventCallback<int>(static (_, value, labels, series) => ((Series)series!).Record(value, labels));
        _listener.SetMeasurementEventCallback<double>(static (_, value, labels, series) => ((Series)series!).Record(value, labels));
    }

    /// <summary>Begins to count. Once.</summary>
    public void Collect(BrokerMetrics metrics) => Collect(metrics.Meter);

    public void Collect(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter) listener.EnableMeasurementEvents(instrument, _series.GetOrAdd(instrument, static instrument => new Series(instrument)));
        };
        _listener.Start();
    }

    /// <summary>All present values.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        lock (_oneReader)
        {
            _listener.RecordObservableInstruments();
            foreach (var series in _series.Values.OrderBy(series => series.Name, StringComparer.Ordinal)) Write(text, series);
        }

        WriteProcess(text);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void Write(StringBuilder text, Series series)
    {
        text.Append("# HELP ").Append(series.Name).Append(' ').Append(PrometheusName.EscapeHelp(series.Help)).Append('\n');
        text.Append("# TYPE ").Append(series.Name).Append(' ').Append(series.Type).Append('\n');
        series.WriteTo(text);
    }

    private static void WriteProcess(StringBuilder text)
    {
        Write("process_cpu_seconds_total", "counter", "CPU time of the process", Environment.CpuUsage.TotalTime.TotalSeconds);
        Write("process_resident_memory_bytes", "gauge", "Resident memory of the process", Environment.WorkingSet);
        Write("dotnet_managed_memory_bytes", "gauge", "Memory of the managed heap", GC.GetTotalMemory(forceFullCollection: false));

        void Write(string name, string type, string help, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value:R}\n");
    }
}
