using System.Globalization;
using Broker.Host.Tests.Clients;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

/// <summary>Clients that stop reading until more waits for them than may, on real sockets: what the kernel takes is some megabytes.</summary>
public sealed class FullOutboxTests : IAsyncLifetime
{
    private const string Settings = """
        access = open, outbox = 64KiB, websocket.close-timeout = 60s
        outbox-policy { "gps-private" = disconnect, "gps-*" = conflate }
        """;

    private ClientServer _server = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _server = await ClientServer.StartAsync(Settings);
        _http = _server.Http();
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_client_of_a_facility_that_conflates_stays_and_reads_the_newest_last()
    {
        using var client = await OpenAsync("gps-1");
        var published = 0;
        for (; await MetricAsync("broker_publications_conflated_total") < 100; published++) await PublishAsync("gps-1", published);

        var read = new List<int>();
        while (read is [] || read[^1] < published - 1) read.Add(Number(await client.ReadFrameAsync()));

        Assert.Equal(read.Order().Distinct(), read);
        Assert.Equal(published, read.Count + await MetricAsync("broker_publications_conflated_total"));
        Assert.InRange(await MetricAsync("broker_outbox_conflations_total"), 1, 100);

        await PublishAsync("gps-1", published);
        Assert.Equal(published, Number(await client.ReadFrameAsync()));
        Assert.Equal(1, await MetricAsync("broker_connections"));
    }

    [Theory]
    [InlineData("news")]
    [InlineData("gps-private")]
    public async Task A_client_of_any_other_facility_is_closed_as_slow(string facility)
    {
        using var client = await OpenAsync(facility);
        var published = 0;
        for (; await MetricAsync("broker_connections_closed_total{code=\"3008\"}") == 0 && published < 5000; published++)
        {
            await PublishAsync(facility, published);
        }

        var frame = await client.ReadFrameAsync();
        for (var expected = 0; frame.Opcode != Opcode.Close; expected++, frame = await client.ReadFrameAsync()) Assert.Equal(expected, Number(frame));

        Assert.Equal(3008, frame.CloseCode);
        Assert.Equal(0, await MetricAsync("broker_publications_conflated_total"));
    }

    private Task<RawClient> OpenAsync(string facility) => RawClient.OpenAsync(_server.Port, receiveBuffer: 4096, $"/ws/{facility}?subscribe-broadcast&echo");

    private async Task PublishAsync(string facility, int number) =>
        await _server.Node.Publisher(facility).PublishAsync(number.ToString("D5", CultureInfo.InvariantCulture) + new string('.', 20_000));

    private static int Number(ServerFrame frame)
    {
        Assert.Equal(20_005, frame.Payload.Length);
        return int.Parse(frame.Text[..5], CultureInfo.InvariantCulture);
    }

    /// <summary>0 for what has not been counted yet.</summary>
    private async Task<int> MetricAsync(string name)
    {
        var lines = (await _http.GetStringAsync("/metrics")).Split('\n');
        return lines.FirstOrDefault(line => line.StartsWith(name + ' ', StringComparison.Ordinal)) is { } line ? int.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture) : 0;
    }
}
