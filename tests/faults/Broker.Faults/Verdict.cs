namespace Broker.Faults;

/// <summary>What a scenario found.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Problems">What must not be; nothing if all held.</param>
/// <param name="Figures">What was counted and measured, in words.</param>
/// <param name="Logs">The folder with the nodes' logs, if there were problems.</param>
public sealed record Verdict(string Scenario, IReadOnlyList<string> Problems, IReadOnlyList<string> Figures, string? Logs)
{
    /// <inheritdoc/>
    public override string ToString() => string.Join('\n', [
        $"{Scenario}: {(Problems.Count == 0 ? "held" : $"DID NOT HOLD, logs in {Logs}")}",
        .. Problems.Select(problem => "  ! " + problem),
        .. Figures.Select(figure => "  " + figure),
    ]);
}
