using Broker.Hocon.Tree;

namespace Broker.Hocon.Syntax;

/// <summary>What <c>include</c> asks for.</summary>
internal sealed record IncludeStatement(string Name, bool Required, HoconOrigin Origin);

/// <summary>A text to parse: its name in errors, the place in the tree where it is included, and the files that it may include.</summary>
internal sealed class Source
{
    private readonly SourceFiles _files;
    private readonly string? _directory;

    private Source(string text, string name, string? directory, string[] scope, SourceFiles files)
    {
        (Text, Name, Scope) = (text, name, scope);
        (_directory, _files) = (directory, files);
    }

    public string Text { get; }

    public string Name { get; }

    /// <summary>The path of the object into which this text is included; empty for the first.</summary>
    public string[] Scope { get; }

    public static Source OfText(string text, string name) => new(text, name, directory: null, [], new SourceFiles());

    public static ObjectNode ParseFile(string path)
    {
        var place = new HoconOrigin(path, 0, 0);

        return ParseFile(path, place, [], new SourceFiles()) ?? throw new HoconException(place, "there is no such file");
    }

    /// <summary>The included tree; null when the file is not there and need not be.</summary>
    public ObjectNode? Include(IncludeStatement include, string[] scope)
    {
        if (include.Name.Length == 0 || include.Name.Contains('\0') || include.Name.Contains("://", StringComparison.Ordinal))
            throw new HoconException(include.Origin, $"cannot include \"{include.Name}\": it names no file");

        if (_directory is null && !Path.IsPathRooted(include.Name))
            throw new HoconException(include.Origin, $"cannot include \"{include.Name}\": only a file can include by a relative name");

        var path = Path.Combine(_directory ?? "", include.Name);
        var included = ParseFile(path, include.Origin, scope, _files);
        if (included is null && !Path.HasExtension(path))
            included = ParseFile(path + ".conf", include.Origin, scope, _files);

        if (included is null && include.Required)
            throw new HoconException(include.Origin, $"cannot include \"{include.Name}\": there is no file {path}");

        return included;
    }

    private static ObjectNode? ParseFile(string path, HoconOrigin reader, string[] scope, SourceFiles files)
    {
        if (files.Open(path, reader) is not { } text)
            return null;

        var tree = Parser.Parse(new Source(text, path, Path.GetDirectoryName(path) ?? "", scope, files));
        files.Close();
        return tree;
    }
}
