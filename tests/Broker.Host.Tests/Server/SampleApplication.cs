using System.Text.RegularExpressions;

namespace Broker.Host.Tests.Server;

/// <summary>samples/Broker.Sample as a process, started once for all tests of a class.</summary>
public sealed partial class SampleApplication : IAsyncLifetime
{
    private static readonly string Assembly = Path.Combine(Repository.OutputOf("samples/Broker.Sample"), "Broker.Sample.dll");

    internal ServerProcess Process { get; } = ServerProcess.Launch(
        ["dotnet", Assembly, "--urls", "http://127.0.0.1:0"], Listening(), ("ASPNETCORE_ENVIRONMENT", "Development"));

    public Task InitializeAsync() => Process.IsReadyAsync();

    public async Task DisposeAsync() => await Process.DisposeAsync();

    [GeneratedRegex("Now listening on: http(://\\S+)")]
    private static partial Regex Listening();
}
