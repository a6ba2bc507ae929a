using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Publishing;

namespace Broker.Actors.Tests.Nodes;

/// <summary>Actors that fail, and clients that are slow.</summary>
public sealed class FailureTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Theory]
    [InlineData("", "PublishAsync")]
    [InlineData("", "ReadLastAsync")]
    [InlineData("", "Fence")]
    [InlineData(TestNode.History, "TakeOverAsync")]
    [InlineData(TestNode.History, "AppendAsync")]
    [InlineData(TestNode.History, "ReadLastAsync")]
    public async Task A_channel_actor_that_fails_is_made_anew_and_its_clients_notice_nothing_but_a_failed_publish(string history, string fails)
    {
        await using var test = await TestNode.StartAsync(history);
        if (fails == "Fence") await test.StrangerPublishesAsync(News, "kept", expire: 600); // Only a last message has a place to be asked for.
        test.Bus.ThrowOnceFrom(fails);
        var early = await test.ConnectAsync(new WireClient(), News);
        await TestNode.UntilAsync(
            () =>
            {
                _ = IgnoreFailureAsync(test.Node.Publisher("news").PublishAsync("provokes"));
                return test.Bus.HasThrown;
            },
            "the failure");

        await early.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await PublishUntilTakenAsync(test, "afterwards");
        await TestNode.UntilAsync(() => early.Lines.Contains("afterwards"), "the publication after the failure");

        var late = await test.ConnectAsync(new WireClient(), News);
        await late.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await PublishUntilTakenAsync(test, "for both");
        await TestNode.UntilAsync(() => late.Lines.Contains("for both") && early.Lines.Contains("for both"), "both get it");
    }

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task A_relay_that_fails_is_made_anew_and_its_clients_join_again(string history)
    {
        await using var test = await TestNode.StartAsync(history);
        var format = new LineFormat();
        var client = new WireClient();
        client.Begin(await test.Node.OpenAsync(new ConnectionPlan(Audiences.Caller.Anonymous, [News], [], Echo: true), format));
        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await using var reading = await Reading.OfAsync(test.Node, News);

        format.ThrowOnce();
        await IgnoreFailureAsync(test.Node.Publisher("news").PublishAsync("provokes"));
        await TestNode.UntilAsync(
            () =>
            {
                _ = IgnoreFailureAsync(test.Node.Publisher("news").PublishAsync("again"));
                return client.Lines.Contains("again");
            },
            "the client has joined again");

        Assert.False(client.Closed.IsCompleted);
        await TestNode.UntilAsync(() => reading.Texts.Contains("again"), "the reader has joined again");
        var got = reading.Publications;
        if (history.Length > 0) Assert.Equal(Enumerable.Range(1, got.Count).Select(i => (long)i), got.Select(one => one.Position.Offset));
    }

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task A_client_whose_relay_fails_misses_nothing_and_gets_nothing_twice(string history)
    {
        // It joined again for what was live only: what its relay failed over was gone without a word.
        await using var test = await TestNode.StartAsync(history);
        var format = new LineFormat();
        var plan = new ConnectionPlan(Audiences.Caller.Anonymous, [News], [], Echo: true);
        var (before, failing, after) = (await test.ConnectAsync(new WireClient(), plan), new WireClient(), new WireClient());
        await before.Connection.Subscribed.WaitAsync(TestNode.Soon);
        failing.Begin(await test.Node.OpenAsync(plan, format));
        await failing.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await test.ConnectAsync(after, plan);
        await after.Connection.Subscribed.WaitAsync(TestNode.Soon);
        var clients = new[] { before, failing, after };

        await test.StrangerPublishesAsync(News, "first");
        await TestNode.UntilAsync(() => clients.All(client => client.Lines is ["first"]), "the first");
        format.ThrowOnce();
        await test.StrangerPublishesAsync(News, "fails", expire: 60);

        await TestNode.UntilAsync(() => clients.All(client => client.Lines is ["first", "fails"]), "what the relay failed over");
        await test.StrangerPublishesAsync(News, "last");
        await TestNode.UntilAsync(() => clients.All(client => client.Lines is ["first", "fails", "last"]), "what came afterwards");
    }

    [Fact]
    public async Task A_client_whose_relay_fails_again_and_again_is_closed()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        var format = new LineFormat();
        var client = new WireClient();
        client.Begin(await test.Node.OpenAsync(new ConnectionPlan(Audiences.Caller.Anonymous, [News], [], Echo: true), format));
        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);

        format.ThrowAlways();
        await test.StrangerPublishesAsync(News, "poison");

        Assert.Equal(CloseReason.InternalError, await client.Closed.WaitAsync(TestNode.Soon));
    }

    [Fact]
    public async Task A_client_that_waits_for_its_replay_when_the_relay_fails_is_subscribed_all_the_same()
    {
        // The relay failed before the client had joined: nobody was told, and it waited for ever.
        await using var test = await TestNode.StartAsync();
        await test.Node.Publisher("news").PublishAsync("last");
        var format = new LineFormat();
        format.ThrowOnce();

        var client = new WireClient();
        client.Begin(await test.Node.OpenAsync(new ConnectionPlan(Audiences.Caller.Anonymous, [News], [], Echo: true), format));

        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await TestNode.UntilAsync(() => client.Lines is ["last"], "the replay");
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_closed_as_slow_and_delays_nobody()
    {
        await using var test = await TestNode.StartAsync("outbox = 64KiB");
        var stuck = await test.ConnectAsync(new WireClient(reads: false), News);
        var good = await test.ConnectAsync(new WireClient(), News);
        await stuck.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await good.Connection.Subscribed.WaitAsync(TestNode.Soon);

        var payload = new string('x', 1000);
        var published = 0;
        for (; !stuck.Closed.IsCompleted; published++) await test.Node.Publisher("news").PublishAsync(payload).WaitAsync(TestNode.Soon);

        Assert.Equal(CloseReason.Slow, await stuck.Closed);
        await TestNode.UntilAsync(() => good.Lines.Count == published, "everything at the other one");
    }

    [Fact]
    public async Task A_client_whose_transport_throws_is_closed_and_the_others_go_on()
    {
        await using var test = await TestNode.StartAsync();
        var good = await test.ConnectAsync(new WireClient(), News);
        var broken = await test.ConnectAsync(new WireClient { Throws = true }, News);
        await good.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await broken.Connection.Subscribed.WaitAsync(TestNode.Soon);

        await test.Node.Publisher("news").PublishAsync("first");
        Assert.Equal(CloseReason.InternalError, await broken.Closed.WaitAsync(TestNode.Soon));
        await test.Node.Publisher("news").PublishAsync("second");

        await TestNode.UntilAsync(() => good.Lines is ["first", "second"], "both, once");
    }

    [Fact]
    public async Task A_burst_larger_than_an_outbox_closes_nobody_who_reads()
    {
        // What Redis sends in one go is offered in one go, as far as one message to the relay takes it: every client of the channel was closed as slow, however fast it read.
        await using var test = await TestNode.StartAsync("outbox = 4KiB");
        var client = await test.ConnectAsync(new WireClient(), News);
        await client.Connection.Subscribed.WaitAsync(TestNode.Soon);
        await using var reading = await Reading.OfAsync(test.Node, News);

        await test.StrangerPublishesAsync(News, Enumerable.Range(0, 400).Select(i => $"some text, number {i}"));

        await TestNode.UntilAsync(() => client.Lines.Count == 400, "everything at the client");
        await reading.UntilCountAsync(400);
    }

    [Fact]
    public async Task A_reader_in_the_process_that_does_not_read_is_ended_and_told()
    {
        await using var test = await TestNode.StartAsync("outbox = 2KiB");
        await using var subscription = test.Node.SubscribeAsync(News);
        await subscription.StartAsync();

        // One after the other: what comes in one go is taken whole.
        await using var other = await Reading.OfAsync(test.Node, News);
        for (var i = 0; i < 100; i++)
        {
            await test.Node.Publisher("news").PublishAsync("some text that takes room");
            await other.UntilCountAsync(i + 1);
        }

        using var deadline = new CancellationTokenSource(TestNode.Soon);
        await Assert.ThrowsAsync<Subscribing.SlowReaderException>(async () =>
        {
            await foreach (var _ in subscription.WithCancellation(deadline.Token))
            {
            }
        });
    }

    private static async Task IgnoreFailureAsync(Task publish)
    {
        try
        {
            await publish.WaitAsync(TestNode.Soon);
        }
        catch (PublishException)
        {
        }
    }

    private static async Task PublishUntilTakenAsync(TestNode test, string payload)
    {
        var deadline = DateTime.UtcNow + TestNode.Soon;
        while (true)
        {
            try
            {
                await test.Node.Publisher("news").PublishAsync(payload).WaitAsync(TestNode.Soon);
                return;
            }
            catch (PublishException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(10);
            }
        }
    }
}
