using System.Globalization;
using Spectre.Console;

namespace Broker.Bench.Results;

/// <summary>The medians of a comparison, a row for each server.</summary>
internal static class ResultTable
{
    public static void Print(string title, IReadOnlyList<(string Peer, IReadOnlyList<Measurement> Runs)> rows)
    {
        var table = new Table().Border(TableBorder.Markdown).AddColumn(Markup.Escape(title));
        foreach (var figure in rows[0].Runs[0].Figures) table.AddColumn(new TableColumn(Markup.Escape(figure.Name)).RightAligned());
        table.AddColumn(new TableColumn("slowest .. fastest").RightAligned());
        if (rows.Count > 1) table.AddColumn(new TableColumn("ratio").RightAligned());

        foreach (var (peer, runs) in rows)
        {
            var first = runs.Select(run => run.Figures[0]).OrderBy(figure => figure.Value).ToArray();
            List<string> cells = [peer, .. Measurement.Median(runs).Select(figure => figure.ToString()), $"{first[0]} .. {first[^1]}"];
            if (rows.Count > 1) cells.Add(Ratio(runs, rows[0].Runs));
            table.AddRow([.. cells.Select(Markup.Escape)]);
        }

        // A table that is redirected is as wide as it needs to be.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 400;
        AnsiConsole.Write(table);
        foreach (var (peer, runs) in rows)
        {
            foreach (var note in runs.Select(run => run.Note).Where(note => note.Length > 0).Distinct()) Console.WriteLine($"{peer}: {note}");
            foreach (var wrong in runs.Select(run => run.Wrong).Where(wrong => wrong.Length > 0)) Console.WriteLine($"{peer}: WRONG: {wrong}");
        }
    }

    /// <summary>To the first row's figure of the same run.</summary>
    private static string Ratio(IReadOnlyList<Measurement> runs, IReadOnlyList<Measurement> first) =>
        Measurement.Median(runs.Zip(first, (one, other) => one.Figures[0].Value / other.Figures[0].Value)).ToString("N2", CultureInfo.InvariantCulture);
}
