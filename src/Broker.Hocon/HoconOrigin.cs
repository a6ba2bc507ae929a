namespace Broker.Hocon;

/// <summary>Where a value was written: file (or the name given to a text), line and column, both counted from 1.</summary>
/// <remarks>A value that no file holds, such as an environment variable, has line 0 and is named by <see cref="File"/> alone.</remarks>
public readonly record struct HoconOrigin(string File, int Line, int Column)
{
    /// <summary><c>file:line:col</c>.</summary>
    public override string ToString() => Line > 0 ? $"{File}:{Line}:{Column}" : File ?? "";
}
