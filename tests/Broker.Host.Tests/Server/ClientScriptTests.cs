using System.Diagnostics;

namespace Broker.Host.Tests.Server;

/// <summary>The unit tests of broker.js, with node's own test runner.</summary>
public sealed class ClientScriptTests
{
    [Fact]
    public async Task The_client_library_keeps_what_its_own_tests_say()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "tests/Broker.Host.Tests/js"), "*.test.mjs");
        Assert.NotEmpty(files);
        using var node = Process.Start(new ProcessStartInfo("node", ["--test", .. files]) { RedirectStandardOutput = true, WorkingDirectory = Repository.Root })!;

        var report = await node.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
        await node.WaitForExitAsync();

        Assert.True(node.ExitCode == 0, report);
        Assert.Contains("\n# fail 0\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("\n# pass 0\n", report, StringComparison.Ordinal);
    }
}
