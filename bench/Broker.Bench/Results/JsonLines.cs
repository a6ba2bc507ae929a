using System.Text.Json;
using Broker.Bench.Servers;

namespace Broker.Bench.Results;

/// <summary>Every run as a line of JSON.</summary>
internal static class JsonLines
{
    // Read by people, too: "µs" and not an escape.
    private static readonly JsonSerializerOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Append(string file, string scenario, string comparison, string peer, int run, Measurement measurement)
    {
        var line = new Dictionary<string, object>
        {
            ["at"] = DateTimeOffset.UtcNow,
            ["scenario"] = scenario,
            ["comparison"] = comparison,
            ["peer"] = peer,
            ["run"] = run,
            ["cores"] = Environment.ProcessorCount,
            ["runtime"] = Environment.Version.ToString(),
            ["load average"] = ProcessUse.LoadAverage(),
            ["wrong"] = measurement.Wrong,
            ["note"] = measurement.Note,
        };
        foreach (var figure in measurement.Figures.Where(figure => double.IsFinite(figure.Value))) line[figure.Name] = figure.Value;
        File.AppendAllText(file, JsonSerializer.Serialize(line, Options) + "\n");
    }
}
