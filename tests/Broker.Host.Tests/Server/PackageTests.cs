using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Broker.Host.Tests.Server;

/// <summary>The packages as <c>dotnet pack</c> makes them.</summary>
public sealed class PackageTests
{
    [Fact]
    public async Task One_command_makes_the_packages_each_with_its_assembly_its_documentation_and_what_it_needs()
    {
        using var folder = new TemporaryFolder();

        await DotnetAsync("pack", "Broker.sln", "-c", Repository.Configuration, $"-p:ActorEngine={Repository.ActorEngine}", "--no-build", "-o", folder.Path);

        var packages = Directory.GetFiles(folder.Path, "*.nupkg").Select(Package.Read).ToDictionary(package => package.Id);
        Assert.Equal(["Broker.Actors", "Broker.Engine", "Broker.Hocon", "Broker.Host"], packages.Keys.Order());
        Assert.All(packages.Values, package =>
        {
            Assert.Contains($"lib/net10.0/{package.Id}.dll", package.Files);
            Assert.Contains($"lib/net10.0/{package.Id}.xml", package.Files);
            Assert.Contains("README.md", package.Files);
        });
        Assert.Empty(packages["Broker.Hocon"].Needs);
        Assert.Equal(["Broker.Hocon"], packages["Broker.Engine"].Needs);
        var engine = typeof(ActorSystem).Assembly.GetName().Name!;
        Assert.Superset(new HashSet<string> { engine, "Broker.Hocon", "StackExchange.Redis" }, packages["Broker.Actors"].Needs.ToHashSet());
        Assert.Contains("Broker.Actors", packages["Broker.Host"].Needs);
    }

    private static async Task DotnetAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true };
        using var dotnet = Process.Start(start)!;
        var output = await dotnet.StandardOutput.ReadToEndAsync();
        await dotnet.WaitForExitAsync();
        Assert.True(dotnet.ExitCode == 0, output);
    }

    private sealed record Package(string Id, IReadOnlyList<string> Needs, IReadOnlyList<string> Files)
    {
        public static Package Read(string file)
        {
            using var zip = ZipFile.OpenRead(file);
            using var text = zip.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
            var metadata = XDocument.Load(text).Root!.Elements().First();
            return new Package(
                metadata.Elements().Single(element => element.Name.LocalName == "id").Value,
                [.. metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value)],
                [.. zip.Entries.Select(entry => entry.FullName)]);
        }
    }
}
