using System.Diagnostics.Metrics;
using System.Net.WebSockets;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Publishing;
using Broker.Actors.Subscribing;
using Broker.Host.Metrics;

namespace Broker.Host.Tests.Server;

public sealed class MetricsTests
{
    [Fact]
    public void Instruments_are_written_in_the_text_format_of_Prometheus()
    {
        using var meter = new Meter("Broker");
        using var collector = new MetricsCollector();
        collector.Collect(meter);
        var counter = meter.CreateCounter<long>("broker.things.seen", description: "Things\nand a \\ backslash");
        var failures = meter.CreateCounter<int>("broker.failures", description: "Failures, by reason");
        var bytes = meter.CreateCounter<long>("broker.sent", "By", "Sent");
        var open = meter.CreateUpDownCounter<long>("broker.open", description: "Open now");
        meter.CreateObservableGauge("broker.heat", () => 1.5, description: "Heat");

        counter.Add(2);
        counter.Add(3);
        failures.Add(1, new KeyValuePair<string, object?>("reason", "a \"quoted\" \\ one"));
        failures.Add(2, new KeyValuePair<string, object?>("reason", "busy"));
        bytes.Add(7);
        open.Add(5);
        open.Add(-2);

        Assert.StartsWith(
            """
            # HELP broker_failures_total Failures, by reason
            # TYPE broker_failures_total counter
            broker_failures_total{reason="a \"quoted\" \\ one"} 1
            broker_failures_total{reason="busy"} 2
            # HELP broker_heat Heat
            # TYPE broker_heat gauge
            broker_heat 1.5
            # HELP broker_open Open now
            # TYPE broker_open gauge
            broker_open 3
            # HELP broker_sent_bytes_total Sent
            # TYPE broker_sent_bytes_total counter
            broker_sent_bytes_total 7
            # HELP broker_things_seen_total Things\nand a \\ backslash
            # TYPE broker_things_seen_total counter
            broker_things_seen_total 5

            """,
            collector.Write(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_that_clients_choose_does_not_grow_without_end()
    {
        using var meter = new Meter("Broker");
        using var collector = new MetricsCollector();
        collector.Collect(meter);
        var closed = meter.CreateCounter<long>("broker.closed");

        for (var code = 3000; code < 5000; code++) closed.Add(1, new KeyValuePair<string, object?>("code", code));

        var lines = collector.Write().Split('\n').Where(line => line.StartsWith("broker_closed_total{", StringComparison.Ordinal)).ToArray();
        Assert.Equal(101, lines.Length);
        Assert.Contains("broker_closed_total{overflow=\"true\"} 1900", lines);
    }

    [Fact]
    public void Another_meter_of_the_same_name_is_not_mixed_in()
    {
        using var mine = new Meter("Broker");
        using var anothers = new Meter("Broker");
        using var collector = new MetricsCollector();
        collector.Collect(mine);

        anothers.CreateCounter<long>("broker.foreign").Add(1);

        Assert.DoesNotContain("broker_foreign", collector.Write(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_node_carries_can_be_read_and_holds_no_names()
    {
        await using var server = await LocalServer.StartAsync();
        using var client = new ClientWebSocket();
        await client.ConnectAsync(server.WebSocket("/ws/a-secret-facility", "subscribe-broadcast&publish-broadcast&echo"), default);
        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var buffer = new byte[100];
        var received = await client.ReceiveAsync(buffer, default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, received.Count));

        // The publisher's answer, which it counts, may come after the subscriber's message.
        await Eventually.IsTrueAsync(async () =>
            (await server.Client.GetStringAsync("/metrics")).Contains("\nbroker_publications_published_total 1\n", StringComparison.Ordinal));
        using var answer = await server.Client.GetAsync("/metrics");
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Contains("\nbroker_connections 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\nbroker_channels 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\nbroker_publications_delivered_total 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\nbroker_redis_connected 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_publishes_is_counted()
    {
        await using var server = await LocalServer.StartAsync();
        using var body = new StringContent("hello");

        using var posted = await server.Client.PostAsync("/publish/chat?publish-broadcast", body);
        await server.Node.Publisher("chat").PublishAsync("from code");
        await server.Node.Actor.Ask<Published>(new Publish(ChannelName.Broadcast("chat"), "from an actor"u8.ToArray()), TimeSpan.FromSeconds(20));

        var text = await server.Client.GetStringAsync("/metrics");
        Assert.Contains("\nbroker_publications_published_total 3\n", text, StringComparison.Ordinal);
        Assert.Contains("\nbroker_bytes_received_total 5\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task They_can_be_switched_off()
    {
        await using var server = await LocalServer.StartAsync("broker.metrics = off");

        using var answer = await server.Client.GetAsync("/metrics");

        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }
}
