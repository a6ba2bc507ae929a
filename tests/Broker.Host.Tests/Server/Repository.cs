using System.Reflection;

namespace Broker.Host.Tests.Server;

/// <summary>The working copy that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>Debug or Release, as these tests.</summary>
    public static string Configuration { get; } = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    private static string Find(DirectoryInfo folder) =>
        File.Exists(Path.Combine(folder.FullName, "Broker.sln")) ? folder.FullName : Find(folder.Parent ?? throw new InvalidOperationException("Broker.sln is nowhere above"));
}
