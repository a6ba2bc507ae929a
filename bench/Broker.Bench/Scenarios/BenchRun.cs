using System.Globalization;
using Broker.Bench.Results;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>Measures a scenario: all its servers in turn, as often as there are runs, each time with a server and a Redis of their own.</summary>
internal static class BenchRun
{
    /// <returns>0; 1 if something was lost, repeated or out of order.</returns>
    public static async Task<int> RunAsync(Scenario scenario, BenchOptions options)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{scenario.Name}: {scenario.Says}. {Environment.ProcessorCount} cores, .NET {Environment.Version}, load average {ProcessUse.LoadAverage():N1}, {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC"));

        var allIsWell = true;
        foreach (var comparison in scenario.Tables)
        {
            var rows = Peers(comparison, options).Select(peer => (Peer: peer, Runs: new List<Measurement>())).ToArray();
            for (var run = 1; run <= options.Runs; run++)
            {
                foreach (var (peer, runs) in rows)
                {
                    var measured = await MeasureAsync(comparison, peer, options, new Live($"{comparison.Title}, {peer.Name}, run {run} of {options.Runs}"));
                    runs.Add(measured);
                    allIsWell &= measured.Wrong.Length == 0;
                    if (options.Json is not null) JsonLines.Append(options.Json, scenario.Name, comparison.Title, peer.Name, run, measured);
                }
            }

            Console.WriteLine();
            ResultTable.Print(comparison.Title, [.. rows.Select(row => (row.Peer.Name, (IReadOnlyList<Measurement>)row.Runs))]);
        }

        Console.WriteLine();
        return allIsWell ? 0 : 1;
    }

    private static IEnumerable<Peer> Peers(Comparison comparison, BenchOptions options)
    {
        IReadOnlyList<Peer> ours = options.Running() is { } running ? [running] : comparison.Ours;
        return comparison.HasOthers ? ours.Concat(options.Peers) : ours;
    }

    private static async Task<Measurement> MeasureAsync(Comparison comparison, Peer peer, BenchOptions options, Live live)
    {
        live.Begin();
        await using var setup = await Setup.StartAsync(peer, options, live, comparison.Configuration, comparison.TellsHeap);
        try
        {
            return comparison.Measure(setup);
        }
        catch (BenchException failed) when (setup.Log.Length > 0)
        {
            throw new BenchException($"{peer.Name}: {failed.Message}\nIts log begins:\n{setup.Log[..Math.Min(1000, setup.Log.Length)]}");
        }
        finally
        {
            Live.Clear();
        }
    }
}
