using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;

namespace Broker.Actors.Tests.Nodes;

/// <summary>Order, once, and the seam between what is stored and what is live, on the embedded store and on a real Redis.</summary>
public sealed class DeliveryTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Theory]
    [InlineData("embedded", "")]
    [InlineData("embedded", TestNode.History)]
    [InlineData("redis", "")]
    [InlineData("redis", TestNode.History)]
    public async Task What_many_publish_reaches_many_once_and_everybody_in_the_same_order(string redis, string history)
    {
        await using var test = await TestNode.StartAsync(history, redis);
        var readings = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Reading.OfAsync(test.Node, News)));

        await Task.WhenAll(Enumerable.Range(0, 6).Select(publisher => Task.Run(async () =>
        {
            var news = test.Node.Publisher("news");
            for (var i = 0; i < 100; i++) await news.PublishAsync($"{publisher}:{i}");
        })));

        foreach (var reading in readings)
        {
            await reading.UntilCountAsync(600);
            Assert.Equal(readings[0].Texts, reading.Texts);
            Assert.Equal(Enumerable.Range(1, 600).Select(i => (long)i), reading.Publications.Select(one => one.Position.Offset));
            for (var publisher = 0; publisher < 6; publisher++)
                Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{publisher}:{i}"), reading.Texts.Where(text => text.StartsWith($"{publisher}:", StringComparison.Ordinal)));

            await reading.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("redis")]
    public async Task Own_and_foreign_publications_with_equal_payloads_stand_in_the_history_once_each_in_delivered_order(string redis)
    {
        await using var test = await TestNode.StartAsync(TestNode.History, redis);
        await using var reading = await Reading.OfAsync(test.Node, News);

        var own = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 150; i++) await test.Node.Publisher("news").PublishAsync($"{i % 2}");
        }));
        var foreign = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 150; i++) await test.StrangerPublishesAsync(News, $"{i % 2}");
        }));
        await Task.WhenAll([.. own, .. foreign]);
        await reading.UntilCountAsync(900);

        var stream = await test.StreamAsync(News);
        Assert.Equal(900, stream.Count);
        Assert.Equal(stream.Select(stored => Encoding.UTF8.GetString(stored.Payload)), reading.Texts);
        Assert.Equal(stream.Select(stored => stored.PublishId), reading.Publications.Select(one => one.PublishId));
        Assert.Equal(300, stream.Count(stored => stored.PublishId is null));
    }

    [Theory]
    [InlineData("embedded", "")]
    [InlineData("embedded", TestNode.History)]
    [InlineData("redis", "")]
    [InlineData("redis", TestNode.History)]
    public async Task Who_joins_at_any_moment_under_load_gets_a_suffix_without_a_gap_or_a_double(string redis, string history)
    {
        await using var test = await TestNode.StartAsync(history, redis);
        var publishing = Task.Run(async () =>
        {
            for (var i = 1; i <= 1500; i++) await test.Node.Publisher("news").PublishAsync($"{i}");
        });

        var clients = new List<WireClient>();
        while (!publishing.IsCompleted)
        {
            var client = await test.ConnectAsync(new WireClient(), News);
            clients.Add(client);
            await client.Connection.Subscribed.WaitAsync(TestNode.Soon);
        }

        await publishing;
        foreach (var client in clients)
        {
            await TestNode.UntilAsync(() => client.Lines is [.., "1500"], "the last message");
            var first = int.Parse(client.Lines[0]);
            Assert.Equal(Enumerable.Range(first, 1500 - first + 1).Select(i => $"{i}"), client.Lines);
            client.Close(CloseReason.Normal);
        }
    }

    [Theory]
    [InlineData("embedded", "")]
    [InlineData("redis", TestNode.History)]
    public async Task A_message_for_several_audiences_arrives_once_live_and_once_on_replay(string redis, string history)
    {
        await using var test = await TestNode.StartAsync(history, redis);
        ChannelName[] channels = [News, ChannelName.Group("staff", "news"), ChannelName.User("john", "news")];
        var live = await test.ConnectAsync(new WireClient(), channels);
        await live.Connection.Subscribed.WaitAsync(TestNode.Soon);

        await test.Node.Publisher("news", Audience.Broadcast, Audience.Groups("staff"), Audience.Users("john")).PublishAsync("to all");
        var late = await test.ConnectAsync(new WireClient(), channels);
        await late.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await test.Node.Publisher("news", Audience.Users("john")).PublishAsync("after");

        foreach (var client in new[] { live, late })
        {
            await TestNode.UntilAsync(() => client.Lines.Contains("after"), "the message after it");
            Assert.Equal(["to all", "after"], client.Lines);
        }
    }

    [Fact]
    public async Task A_channel_without_a_last_message_is_joined_without_asking_the_connection_of_the_subscription()
    {
        // It was asked for every websocket that came: a second round trip to Redis, to find the place of a message that did not exist.
        await using var test = await TestNode.StartAsync();

        var first = await test.ConnectAsync(new WireClient(), News);
        await first.Connection.Subscribed.WaitAsync(TestNode.Soon);
        Assert.Equal(0, test.Bus.Fences);

        await test.StrangerPublishesAsync(News, "kept", expire: 60);
        var second = await test.ConnectAsync(new WireClient(), News);
        await second.Connection.Subscribed.WaitAsync(TestNode.Soon);
        Assert.Equal(["kept"], second.Lines);
        Assert.Equal(1, test.Bus.Fences);
    }

    [Fact]
    public async Task Replays_come_in_the_order_of_the_subscriptions()
    {
        await using var test = await TestNode.StartAsync();
        ChannelName[] channels = [News, ChannelName.Group("staff", "news"), ChannelName.User("john", "news"), ChannelName.Session("k", "news")];
        await test.Node.Publisher("news", Audience.Sessions("k")).PublishAsync("session");
        await test.Node.Publisher("news", Audience.Users("john")).PublishAsync("user");
        await test.Node.Publisher("news", Audience.Groups("staff")).PublishAsync("group");
        await test.Node.Publisher("news").PublishAsync("broadcast");

        for (var i = 0; i < 50; i++)
        {
            var client = await test.ConnectAsync(new WireClient(), channels);
            await client.Connection.Subscribed.WaitAsync(TestNode.Soon);
            await TestNode.UntilAsync(() => client.Lines.Count == 4, "four replays");
            Assert.Equal(["broadcast", "group", "user", "session"], client.Lines);
        }
    }

    [Theory]
    [InlineData("embedded", "")]
    [InlineData("embedded", TestNode.History)]
    [InlineData("redis", "")]
    public async Task A_client_without_echo_is_not_sent_its_own_messages_however_fast_it_sends(string redis, string history)
    {
        await using var test = await TestNode.StartAsync(history, redis);
        var talker = await test.ConnectAsync(new WireClient(), new ConnectionPlan(Caller.Anonymous, [News], [News], Echo: false));
        var listener = await test.ConnectAsync(new WireClient(), News);
        await talker.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await listener.Connection.Subscribed.WaitAsync(TestNode.Soon);

        for (var i = 0; i < 300; i++) await talker.SendAsync($"{i % 3}");
        await TestNode.UntilAsync(() => listener.Lines.Count == 300, "all at the listener");
        await test.Node.Publisher("news").PublishAsync("from the server");

        await TestNode.UntilAsync(() => talker.Lines.Count > 0, "the server's message");
        Assert.Equal(["from the server"], talker.Lines);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"{i % 3}"), listener.Lines.Take(300));
    }
}
