using System.Diagnostics;
using Broker.Host.Tests.Server;
using Microsoft.Playwright;

namespace Broker.Host.Tests.Rich;

/// <summary>The client library of the Centrifuge protocol as npm has it, installed once, unmodified.</summary>
public sealed class NodePackage : IAsyncLifetime
{
    private static readonly SemaphoreSlim One = new(1);

    public static string Folder { get; } = Path.Combine(Repository.Root, "tests/Broker.Host.Tests/npm");

    public async Task InitializeAsync()
    {
        await One.WaitAsync();
        try
        {
            if (File.Exists(Path.Combine(Folder, "node_modules/.package-lock.json"))) return;

            using var npm = Start("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
            var said = await npm.StandardOutput.ReadToEndAsync();
            await npm.WaitForExitAsync();
            if (npm.ExitCode != 0) throw new InvalidOperationException($"npm could not install the client library: {said}");
        }
        finally
        {
            One.Release();
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public static Process Run(params string[] arguments) => Start("node", ["run.mjs", .. arguments]);

    /// <summary>A page that has the library's build for an encoding, json or protobuf, and the tests' scenarios.</summary>
    public static async Task<IPage> OpenAsync(IBrowserContext user, string address, string encoding = "json")
    {
        var page = await user.NewPageAsync();
        await page.GotoAsync(address + "/health/live");
        await page.AddScriptTagAsync(new() { Path = Path.Combine(Folder, "node_modules/centrifuge/dist", encoding == "protobuf" ? "centrifuge.protobuf.js" : "centrifuge.js") });
        var scenario = await File.ReadAllTextAsync(Path.Combine(Folder, "scenario.mjs"));
        await page.AddScriptTagAsync(new() { Content = scenario.Replace("export async", "async", StringComparison.Ordinal) });
        return page;
    }

    private static Process Start(string command, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(command, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
}
