using System.Diagnostics;
using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Nodes;
using Broker.Actors.Publishing;
using Broker.Actors.Redis;
using Broker.Actors.Relays;

namespace Broker.Actors.Tests.Nodes;

/// <summary>What comes with clients goes with them; heartbeats; the end of a node.</summary>
public sealed class LifeTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Theory]
    [InlineData("embedded", "")]
    [InlineData("redis", "")]
    [InlineData("redis", TestNode.History)]
    public async Task Connections_relays_channels_and_subscriptions_are_gone_soon_after_the_last_client(string redis, string history)
    {
        await using var test = await TestNode.StartAsync(history, redis);
        for (var round = 0; round < 3; round++)
        {
            var clients = new List<WireClient>();
            for (var i = 0; i < 100; i++) clients.Add(await test.ConnectAsync(new WireClient(), News, ChannelName.User($"u{i}", "news")));
            foreach (var client in clients) await client.Connection.Subscribed.WaitAsync(TestNode.Soon);
            Assert.Equal((100, 101, 101), (test.Node.Metrics.Connections, test.Node.Metrics.Relays, test.Node.Metrics.Channels));

            foreach (var client in clients) client.Close(CloseReason.Normal);

            await TestNode.UntilAsync(() => test.Node.Metrics is { Connections: 0, Relays: 0, Channels: 0 }, "nothing is left");
        }

        if (test.Server is { } server)
            await TestNode.UntilAsync(() => server.CliAsync("PUBSUB", "CHANNELS", "*news*").Result.Length == 0, "Redis has taken the last one off");
    }

    [Fact]
    public async Task Many_connections_share_one_redis_subscription()
    {
        await using var test = await TestNode.StartAsync("", "redis");
        for (var i = 0; i < 50; i++) await (await test.ConnectAsync(new WireClient(), News)).Connection.Subscribed.WaitAsync(TestNode.Soon);

        Assert.Equal("broadcast:news\n1", await test.Server!.CliAsync("PUBSUB", "NUMSUB", "broadcast:news"));
    }

    [Fact]
    public async Task Publishers_alone_leave_nothing_behind_either()
    {
        await using var test = await TestNode.StartAsync();
        for (var i = 0; i < 50; i++) await test.Node.Publisher($"f{i}").PublishAsync("x");

        await TestNode.UntilAsync(() => test.Node.Metrics is { Relays: 0, Channels: 0 }, "nothing is left");
    }

    [Fact]
    public async Task The_first_publish_on_a_channel_waits_for_no_timer()
    {
        // It waited for the relay's next attempt, 250 ms later, though the channel's owner had answered at once.
        await using var test = await TestNode.StartAsync();
        var clock = Stopwatch.StartNew();

        for (var i = 0; i < 60; i++) await test.Node.Publisher($"f{i}").PublishAsync("x");

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60 * 0.25 / 2), $"60 publishes took {clock.Elapsed}");
    }

    [Fact]
    public async Task A_channel_that_comes_and_goes_under_its_clients_loses_nothing()
    {
        await using var test = await TestNode.StartAsync("channel.passivate-after = 1ms, relay.stop-after = 1ms, " + TestNode.History);
        for (var i = 0; i < 100; i++)
        {
            await using var reading = await Reading.OfAsync(test.Node, News);
            await test.Node.Publisher("news").PublishAsync($"{i}").WaitAsync(TestNode.Soon);
            await reading.UntilCountAsync(1);
            Assert.Equal([$"{i}"], reading.Texts);
        }

        Assert.Equal(100, (await test.StreamAsync(News)).Count);
    }

    [Fact]
    public async Task Heartbeats_come_at_their_pace_and_in_answer_to_the_clients_own()
    {
        await using var test = await TestNode.StartAsync("websocket.heartbeat-interval = 160ms");
        var plan = new ConnectionPlan(Caller.Anonymous, [News], [News], Echo: true, Heartbeat: "--beat--\n"u8.ToArray(), HeartbeatText: "--beat--"u8.ToArray());
        var clock = Stopwatch.StartNew();
        var client = await test.ConnectAsync(new WireClient(), plan);
        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);

        await TestNode.UntilAsync(() => client.Lines.Count >= 4, "four heartbeats");
        Assert.True(clock.ElapsedMilliseconds >= 3 * 160, $"four came within {clock.ElapsedMilliseconds} ms");

        var before = client.Lines.Count;
        for (var i = 0; i < 20; i++) await client.SendAsync("--beat--");
        await TestNode.UntilAsync(() => client.Lines.Count >= before + 20, "the answers");
        Assert.All(client.Lines, line => Assert.Equal("--beat--", line));
        await test.Node.Publisher("news").PublishAsync("x");
        await TestNode.UntilAsync(() => client.Lines.Contains("x"), "a publication");
        Assert.Equal(1, client.Lines.Count(line => line != "--beat--"));
    }

    [Fact]
    public async Task A_node_that_stops_closes_its_clients_in_paces_though_they_came_all_at_once()
    {
        await using var test = await TestNode.StartAsync("shutdown { clients = 10, interval = 50ms, drain = 30s }");
        var clients = new List<WireClient>();
        for (var i = 0; i < 165; i++) clients.Add(await test.ConnectAsync(new WireClient(), News));

        var clock = Stopwatch.StartNew();
        var ends = clients.Select(async client =>
        {
            Assert.Equal(CloseReason.GoingAway, await client.Closed);
            return clock.Elapsed;
        }).ToArray();
        var stopping = test.Node.StopAsync();
        Assert.True(test.Node.IsDraining);
        await Assert.ThrowsAsync<InvalidOperationException>(() => test.ConnectAsync(new WireClient(), News));
        await stopping.WaitAsync(TestNode.Soon);

        // A busy machine makes it slower, never faster.
        var times = (await Task.WhenAll(ends)).Order().ToArray();
        for (var i = 0; i < times.Length; i++) Assert.True(times[i] >= TimeSpan.FromMilliseconds(i / 10 * 50), $"{i + 1} clients were closed after {times[i]}");
    }

    [Fact]
    public async Task A_client_may_send_on_only_as_its_messages_are_published()
    {
        await using var test = await TestNode.StartAsync("inflow { messages = 4, bytes = 1KiB }");
        var client = await test.ConnectAsync(new WireClient(), new ConnectionPlan(Caller.Anonymous, [], [News], Echo: false));
        test.Bus.Disconnect();

        for (var i = 0; i < 3; i++) Assert.True(client.Connection.ReceiveAsync("x"u8.ToArray()).AsTask().IsCompleted);
        var fourth = client.Connection.ReceiveAsync("x"u8.ToArray()).AsTask();
        Assert.False(fourth.IsCompleted);
        test.Bus.Reconnect();

        await fourth.WaitAsync(TestNode.Soon);
    }

    [Fact]
    public async Task A_publish_handler_accepts_changes_and_refuses_in_order()
    {
        await using var test = await TestNode.StartAsync(options: new BrokerOptions { PublishHandler = new Censor() });
        await using var reading = await Reading.OfAsync(test.Node, News);
        var client = await test.ConnectAsync(new WireClient(), new ConnectionPlan(Caller.Anonymous, [], [News], Echo: false));

        foreach (var word in new[] { "good", "bad", "throws", "small", "end" }) await client.SendAsync(word);

        await reading.UntilCountAsync(3);
        Assert.Equal(["good", "SMALL", "end"], reading.Texts);
    }

    [Fact]
    public async Task Nobody_who_reads_or_publishes_is_left_waiting_when_the_node_stops()
    {
        await using var test = await TestNode.StartAsync();
        var subscription = test.Node.SubscribeAsync(News);
        await subscription.StartAsync().WaitAsync(TestNode.Soon);
        var reading = subscription.GetAsyncEnumerator().MoveNextAsync().AsTask();

        await test.Node.StopAsync();

        Assert.False(await reading.WaitAsync(TestNode.Soon));
        var failure = await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news").PublishAsync("late").WaitAsync(TestNode.Soon));
        Assert.Equal(PublishProblem.Unavailable, failure.Problem);
        Assert.Throws<ObjectDisposedException>(() => test.Node.SubscribeAsync(News));
    }

    [Fact]
    public async Task A_stop_that_fails_leaves_nothing_open_and_everybody_who_waits_for_it_sees_the_failure()
    {
        // The first step that failed left Redis connected and publishers waiting.
        var test = await TestNode.StartAsync(TestNode.History);
        test.Bus.ThrowOnceFrom("ReleaseLeaseAsync");

        var stops = new[] { test.Node.StopAsync(), test.Node.StopAsync() };

        foreach (var stop in stops) await Assert.ThrowsAsync<InvalidOperationException>(() => stop.WaitAsync(TestNode.Soon));
        Assert.True(test.Bus.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => test.Node.SubscribeAsync(News));
    }

    [Fact]
    public async Task What_was_told_to_a_relay_that_is_gone_is_answered()
    {
        await using var test = await TestNode.StartAsync();
        var ticket = new AwaitedTicket();
        var lost = new RelayPublish(News, new OutgoingPublication([1], null, null, 0), ticket, TimeSpan.MaxValue, Retry: true);

        test.Node.Services.System.DeadLetters.Tell(lost, ActorRefs.NoSender);

        Assert.Equal(PublishFailure.Unavailable, (await ticket.Result.WaitAsync(TestNode.Soon)).Failure);
    }

    private sealed class Censor : IPublishHandler
    {
        public async ValueTask<PublishDecision> OnPublishAsync(ClientPublish publish, CancellationToken cancellation)
        {
            await Task.Yield();
            return Encoding.UTF8.GetString(publish.Payload.Span) switch
            {
                "bad" => PublishDecision.Refuse,
                "throws" => throw new InvalidOperationException("a bug of the application"),
                "small" => PublishDecision.Change("SMALL"u8.ToArray()),
                _ => PublishDecision.Accept,
            };
        }
    }
}
