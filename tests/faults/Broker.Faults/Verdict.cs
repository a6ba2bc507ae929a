namespace Broker.Faults;

/// <summary>What a scenario found.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Problems">What must not be; nothing if all held.</param>
/// <param name="Figures">What was counted and measured, in words.</param>
/// <param name="Logs">The folder with the nodes' logs, if there were problems.</param>
public sealed record Verdict(string Scenario, IReadOnlyList<string> Problems, IReadOnlyList<string> Figures, string? Logs)
{
    private const int Shown = 20;

    /// <inheritdoc/>
    public override string ToString() => string.Join('\n', [
        $"{Scenario}: {(Problems.Count == 0 ? "held" : $"DID NOT HOLD, logs in {Logs}")}",
        .. Problems.Take(Shown).Select(problem => "  ! " + problem),
        .. Problems.Count > Shown ? new[] { $"  ! and {Problems.Count - Shown} more" } : [],
        .. Figures.Select(figure => "  " + figure),
    ]);
}
