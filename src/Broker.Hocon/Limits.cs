namespace Broker.Hocon;

/// <summary>How far a text may go before it is refused: far beyond any real configuration, far before the process suffers.</summary>
internal static class Limits
{
    /// <summary>Levels of objects and lists within each other; keys of one path.</summary>
    public const int Depth = 128;

    /// <summary>Steps of resolving within each other: levels of the tree, keys of a path, substitutions that lead to others.</summary>
    public const int ResolvingDepth = 512;

    /// <summary>Files that include each other in one chain.</summary>
    public const int IncludeDepth = 32;

    /// <summary>Files that one document may read, counted each time.</summary>
    public const int Files = 1000;

    /// <summary>Bytes in all files of a document together.</summary>
    public const int Bytes = 16 * 1024 * 1024;

    /// <summary>Values, steps and characters that resolving may take.</summary>
    public const int Expansion = 8_000_000;
}
