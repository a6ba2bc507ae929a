using System.Globalization;
using Broker.Host.Tests.Clients;

namespace Broker.Host.Tests.WebSockets;

/// <summary>A server of its own for clients that stop reading, and payloads of 20 KB for them.</summary>
public abstract class SlowReaderTest(string settings) : IAsyncLifetime
{
    private HttpClient _http = null!;

    private protected ClientServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Server = await ClientServer.StartAsync(settings);
        _http = Server.Http();
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
    }

    protected async Task PublishAsync(string facility, int number) =>
        await Server.Node.Publisher(facility).PublishAsync(number.ToString("D5", CultureInfo.InvariantCulture) + new string('.', 20_000));

    protected Task<int> ConflatedAsync() => MetricAsync("broker_publications_conflated_total");

    /// <summary>0 for what has not been counted yet.</summary>
    protected async Task<int> MetricAsync(string name)
    {
        var lines = (await _http.GetStringAsync("/metrics")).Split('\n');
        return lines.FirstOrDefault(line => line.StartsWith(name + ' ', StringComparison.Ordinal)) is { } line ? int.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture) : 0;
    }
}
