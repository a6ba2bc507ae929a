namespace Broker.Host.Tests.Server;

/// <summary>A folder of a test's own, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("broker-");

    public string Path => _folder.FullName;

    /// <summary>Writes a file and returns its full name.</summary>
    public string Write(string name, string text)
    {
        var file = System.IO.Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, text);
        return file;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
