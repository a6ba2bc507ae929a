using System.Reflection;

namespace Broker.Host.Tests.Server;

/// <summary>The working copy that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>Debug or Release, as these tests.</summary>
    public static string Configuration { get; } = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>builtin or akka.</summary>
    public static string ActorEngine { get; } =
        Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "ActorEngine").Value!;

    public static bool IsBuiltin => ActorEngine == "builtin";

    /// <summary>Where a project's files are built to, like these tests': <c>bin/Release/net10.0</c>.</summary>
    public static string OutputOf(string project) =>
        Path.Combine(Root, project, Path.GetRelativePath(Path.Combine(Root, "tests/Broker.Host.Tests"), AppContext.BaseDirectory));

    private static string Find(DirectoryInfo folder) =>
        File.Exists(Path.Combine(folder.FullName, "Broker.sln")) ? folder.FullName : Find(folder.Parent ?? throw new InvalidOperationException("Broker.sln is nowhere above"));
}
