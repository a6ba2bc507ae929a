using Broker.Hocon.Resolution;
using Broker.Hocon.Syntax;
using Broker.Hocon.Tree;

namespace Broker.Hocon;

/// <summary>
/// A parsed text whose substitutions are still open, so that layers can be put over each other first:
/// <c>HoconDocument.Load("my.conf").WithFallback(reference).Resolve()</c>. Immutable.
/// </summary>
public sealed class HoconDocument
{
    private readonly ObjectNode _root;

    private HoconDocument(ObjectNode root) => _root = root;

    /// <summary>Parses a text, which errors call <paramref name="name"/>; it includes files by absolute names only.</summary>
    /// <exception cref="HoconException">The text is not HOCON, or an included file cannot be read.</exception>
    public static HoconDocument Parse(string text, string name = "text") => new(Parser.Parse(Source.OfText(text, name)));

    /// <summary>Reads a file and what it includes; relative names are relative to the including file.</summary>
    /// <exception cref="HoconException">The file cannot be read or is not HOCON.</exception>
    public static HoconDocument Load(string path) => new(Source.ParseFile(path));

    /// <summary>This document over a lower one: this wins, objects merge, self-references of this see the lower's values.</summary>
    public HoconDocument WithFallback(HoconDocument lower)
    {
        var merged = lower._root.Copy();
        merged.Merge(_root.Copy());

        return new HoconDocument(merged);
    }

    /// <summary>Replaces the substitutions: from the whole tree, else from the environment.</summary>
    /// <param name="environment">Finds a variable by name; by default those of the process.</param>
    /// <exception cref="HoconException">A substitution has no value or leads back to itself, or all becomes too large.</exception>
    public HoconObject Resolve(Func<string, string?>? environment = null) =>
        new Resolver(_root, environment ?? Environment.GetEnvironmentVariable).Resolve();
}
