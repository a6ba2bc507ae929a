using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Publishing;

namespace Broker.Actors.Tests.Nodes;

/// <summary>What clients and publishers see while Redis is away, and afterwards without any further action.</summary>
public sealed class OutageTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task Publishes_fail_visibly_while_Redis_is_away_and_go_on_when_it_is_back(string history)
    {
        await using var test = await TestNode.StartAsync(history);
        await using var reading = await Reading.OfAsync(test.Node, News);
        await test.Node.Publisher("news").PublishAsync("before");

        test.Bus.Disconnect();
        await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news").PublishAsync("lost").WaitAsync(TestNode.Soon));
        test.Bus.Reconnect();
        await PublishSoonAsync(test, "after");

        await TestNode.UntilAsync(() => reading.Texts.Contains("after"), "the publication after the outage");
        Assert.Equal(["before", "after"], reading.Texts);
    }

    [Fact]
    public async Task A_publisher_hears_of_a_failure_even_if_its_channel_was_never_subscribed()
    {
        // The connection broke between the channel's first question and its subscription: nobody told its publishers anything.
        await using var test = await TestNode.StartAsync("redis.timeout = 200ms, publish-timeout = 1s, " + TestNode.History);
        test.Bus.Disconnect();

        await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news").PublishAsync("lost").WaitAsync(TestNode.Soon));
    }

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task A_publisher_hears_of_a_failure_when_the_subscription_is_never_confirmed(string history)
    {
        // Redis answered commands and the subscription's connection hung: with history the publisher waited without an end.
        await using var test = await TestNode.StartAsync("redis.timeout = 200ms, publish-timeout = 1s, " + history);
        test.Bus.KeepsSubscriptionsWaiting = true;

        await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news").PublishAsync("lost").WaitAsync(TestNode.Soon));
    }

    [Fact]
    public async Task With_history_what_others_published_through_Broker_meanwhile_arrives_afterwards_once_and_in_order()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        await using var reading = await Reading.OfAsync(test.Node, News);

        for (var round = 0; round < 20; round++)
        {
            var publishing = Task.Run(async () =>
            {
                for (var i = 0; i < 20; i++) await PublishSoonAsync(test, $"{round}:{i}");
            });
            test.Bus.Disconnect();
            await Task.Yield();
            test.Bus.Reconnect();
            await publishing.WaitAsync(TestNode.Soon);
        }

        await reading.UntilCountAsync(400);
        Assert.Equal(Enumerable.Range(0, 400).Select(i => $"{i / 20}:{i % 20}"), reading.Texts);
        Assert.Equal((await test.StreamAsync(News)).Select(stored => stored.Offset), reading.Publications.Select(one => one.Position.Offset));
    }

    [Fact]
    public async Task Without_history_the_last_value_that_was_set_meanwhile_arrives_afterwards_and_an_old_one_does_not()
    {
        await using var test = await TestNode.StartAsync();
        await test.StrangerPublishesAsync(News, "old", expire: 60);
        var client = await test.ConnectAsync(new WireClient(), News);
        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);

        test.Bus.Disconnect();
        test.Bus.Reconnect();
        await PublishSoonAsync(test, "between", expire: 0);
        await TestNode.UntilAsync(() => client.Lines.Contains("between"), "life after the first outage");

        test.Bus.Disconnect();
        await test.StrangerPublishesAsync(News, "new", expire: 60);
        test.Bus.Reconnect();
        await TestNode.UntilAsync(() => client.Lines.Contains("new"), "the last value");

        Assert.Equal(["old", "between", "new"], client.Lines);
    }

    [Fact]
    public async Task Without_history_a_last_value_from_before_the_first_subscription_is_not_live()
    {
        // Redis was slow at the start, a publish was refused, and yesterday's last value went to all as if it had just been published.
        await using var test = await TestNode.StartAsync("redis.timeout = 200ms, publish-timeout = 1s");
        await test.StrangerPublishesAsync(News, "yesterday", expire: 60);
        test.Bus.KeepsSubscriptionsWaiting = true;
        await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news").PublishAsync("refused").WaitAsync(TestNode.Soon));
        var beginning = Reading.OfAsync(test.Node, News);

        test.Bus.LetSubscriptionsThrough();
        await using var reading = await beginning;
        var client = await test.ConnectAsync(new WireClient(), News);
        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await PublishSoonAsync(test, "today");
        await TestNode.UntilAsync(() => reading.Texts.Contains("today"), "what is published afterwards");

        Assert.Equal(["today"], reading.Texts);
    }

    /// <summary>The last value equalled the publish whose copy was still expected; once it was not any more, nobody looked again.</summary>
    [Fact]
    public async Task Without_history_a_last_value_set_here_whose_copy_an_outage_swallowed_arrives_afterwards()
    {
        await using var test = await TestNode.StartAsync();
        var client = await test.ConnectAsync(new WireClient(), News);
        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await test.Node.Publisher("news").PublishAsync("before");

        test.LoseCopiesOfNextPublish();
        await test.Node.Publisher("news").PublishAsync("swallowed");

        await TestNode.UntilAsync(() => client.Lines.Contains("swallowed"), "the last value");
        Assert.Equal(["before", "swallowed"], client.Lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task A_websockets_message_waits_for_Redis_and_nobody_is_disconnected(string history)
    {
        await using var test = await TestNode.StartAsync(history);
        var client = await test.ConnectAsync(new WireClient(), new ConnectionPlan(Audiences.Caller.Anonymous, [News], [News], Echo: true));
        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);

        test.Bus.Disconnect();
        await client.SendAsync("patient");
        test.Bus.Reconnect();

        await TestNode.UntilAsync(() => client.Lines.Count > 0, "the message");
        Assert.Equal(["patient"], client.Lines);
        Assert.False(client.Closed.IsCompleted);
    }

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task A_redis_server_that_dies_and_comes_back_empty_is_used_again_by_itself(string history)
    {
        await using var test = await TestNode.StartAsync(history, "redis");
        await using var reading = await Reading.OfAsync(test.Node, News);
        await test.Node.Publisher("news").PublishAsync("before");
        await reading.UntilCountAsync(1);

        test.Server!.Kill();
        await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news").PublishAsync("lost", expire: 0).WaitAsync(TestNode.Soon));
        await test.Server.RestartAsync();
        await PublishSoonAsync(test, "after");
        await test.Server.CliAsync("PUBLISH", "broadcast:news", "foreign");

        await TestNode.UntilAsync(() => reading.Texts.Contains("foreign"), "the foreign publication after the outage");
        Assert.Equal(["before", "after", "foreign"], reading.Texts);
    }

    private static async Task PublishSoonAsync(TestNode test, string payload, int? expire = null)
    {
        var id = Guid.NewGuid().ToString("N");
        var deadline = DateTime.UtcNow + TestNode.Soon;
        while (true)
        {
            try
            {
                await test.Node.Publisher("news").PublishAsync(payload, expire, id).WaitAsync(TestNode.Soon);
                return;
            }
            catch (PublishException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(10);
            }
        }
    }
}
