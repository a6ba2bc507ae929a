using System.Runtime.CompilerServices;

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

    /// <summary>What resolving may cost: a step or a character 1, a value <see cref="Value"/>.</summary>
    public const int Expansion = 8_000_000;

    /// <summary>What a value costs: about the characters that its memory would hold.</summary>
    public const int Value = 16;

    /// <summary>The limit is passed, or this thread's stack is too small to come near it.</summary>
    public static bool IsTooDeep(int depth, int limit) => depth > limit || !RuntimeHelpers.TryEnsureSufficientExecutionStack();
}
