using System.Globalization;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

/// <summary>Clients that stop reading until more waits for them than may, on real sockets: what the kernel takes is some megabytes.</summary>
public sealed class FullOutboxTests() : SlowReaderTest(Settings)
{
    private const string Settings = """
        access = open, outbox = 64KiB, websocket.close-timeout = 60s
        outbox-policy { "gps-private" = disconnect, "gps-*" = conflate }
        """;

    [Fact]
    public async Task A_client_of_a_facility_that_conflates_stays_and_reads_the_newest_last()
    {
        using var client = await OpenAsync("gps-1");
        var published = 0;
        for (; await ConflatedAsync() < 100; published++) await PublishAsync("gps-1", published);

        var read = new List<int>();
        while (read is [] || read[^1] < published - 1) read.Add(Number(await client.ReadFrameAsync()));

        Assert.Equal(read.Order().Distinct(), read);
        Assert.Equal(published, read.Count + await ConflatedAsync());
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
        Assert.Equal(0, await ConflatedAsync());
    }

    private Task<RawClient> OpenAsync(string facility) => RawClient.OpenAsync(Server.Port, receiveBuffer: 4096, $"/ws/{facility}?subscribe-broadcast&echo");

    private static int Number(ServerFrame frame)
    {
        Assert.Equal(20_005, frame.Payload.Length);
        return int.Parse(frame.Text[..5], CultureInfo.InvariantCulture);
    }
}
