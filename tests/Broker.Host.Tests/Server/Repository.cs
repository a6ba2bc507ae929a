namespace Broker.Host.Tests.Server;

/// <summary>The working copy that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo folder) =>
        File.Exists(Path.Combine(folder.FullName, "Broker.sln")) ? folder.FullName : Find(folder.Parent ?? throw new InvalidOperationException("Broker.sln is nowhere above"));
}
