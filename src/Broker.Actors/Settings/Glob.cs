using System.Text.RegularExpressions;

namespace Broker.Actors.Settings;

/// <summary>A pattern of names: <c>*</c> stands for any characters, <c>?</c> for one.</summary>
public sealed class Glob(string pattern)
{
    // Non-backtracking: the time grows with the name, whatever the pattern.
    private readonly Regex _regex = new(
        "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + @"\z",
        RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);

    /// <summary>True for a name that the pattern stands for, as a whole.</summary>
    public bool Fits(string name) => _regex.IsMatch(name);

    /// <inheritdoc/>
    public override string ToString() => pattern;
}
