using Broker.Actors.Channels;

namespace Broker.Actors.Tests.Nodes;

/// <summary>Who comes back with a position gets all that it missed, or is told that it cannot and gets none of it.</summary>
public sealed class RecoveryTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Theory]
    [InlineData("embedded")]
    [InlineData("redis")]
    public async Task Who_comes_back_at_any_moment_under_load_continues_where_it_left_off(string redis)
    {
        await using var test = await TestNode.StartAsync(TestNode.History, redis);
        var publishing = Task.Run(async () =>
        {
            for (var i = 1; i <= 1500; i++) await test.Node.Publisher("news").PublishAsync($"{i}");
        });

        var seen = new List<Publication>();
        StreamPosition? position = null;
        while (seen.Count < 1500)
        {
            await using var reading = await Reading.OfAsync(test.Node, News, position);
            if (position is not null) Assert.True(reading.Start.Recovered);
            else position = reading.Start.Position;

            var want = seen.Count == 0 && reading.Start.Position.Offset > 0 ? 1 : Math.Min(50, 1500 - seen.Count);
            await TestNode.UntilAsync(() => reading.Count >= want || publishing.IsCompleted && seen.Count + (int)position!.Value.Offset > 1500, "some more");
            foreach (var publication in reading.Publications)
            {
                if (seen.Count == 0) seen.AddRange(Enumerable.Repeat(publication, (int)publication.Position.Offset - 1));
                seen.Add(publication);
                Assert.Equal(seen.Count, publication.Position.Offset);
                position = publication.Position;
            }
        }

        await publishing;
    }

    [Fact]
    public async Task A_position_older_than_the_history_recovers_nothing_and_what_is_live_follows()
    {
        await using var test = await TestNode.StartAsync("history { \"*\" { size = 10, ttl = 10m } }");
        await using var first = await Reading.OfAsync(test.Node, News);
        for (var i = 1; i <= 30; i++) await test.Node.Publisher("news").PublishAsync($"{i}");
        await first.UntilCountAsync(30);

        await using var tooOld = await Reading.OfAsync(test.Node, News, first.Publications[10].Position);
        await using var justRight = await Reading.OfAsync(test.Node, News, first.Publications[19].Position);
        await test.Node.Publisher("news").PublishAsync("31");

        await tooOld.UntilCountAsync(1);
        await justRight.UntilCountAsync(11);
        Assert.False(tooOld.Start.Recovered);
        Assert.Equal(30, tooOld.Start.Position.Offset);
        Assert.Equal(["31"], tooOld.Texts);
        Assert.True(justRight.Start.Recovered);
        Assert.Equal(Enumerable.Range(21, 11).Select(i => $"{i}"), justRight.Texts);
    }

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task A_position_of_another_epoch_recovers_nothing(string history)
    {
        await using var test = await TestNode.StartAsync(history);
        await using var witness = await Reading.OfAsync(test.Node, News);
        await test.Node.Publisher("news").PublishAsync("1");
        await witness.UntilCountAsync(1); // Without history a publish is answered before it has come back.

        await using var reading = await Reading.OfAsync(test.Node, News, new StreamPosition("another", 1));
        await test.Node.Publisher("news").PublishAsync("2");

        await reading.UntilCountAsync(1);
        Assert.False(reading.Start.Recovered);
        Assert.Equal(["2"], reading.Texts);
    }

    [Fact]
    public async Task A_clients_position_ahead_of_the_history_recovers_nothing_and_hurts_nobody()
    {
        // It began a new epoch for everybody: one client that made a position up took the history from all others.
        await using var test = await TestNode.StartAsync(TestNode.History);
        await using var present = await Reading.OfAsync(test.Node, News);
        await test.Node.Publisher("news").PublishAsync("1");
        await present.UntilCountAsync(1);
        var first = present.Publications[0].Position;

        await using var liar = await Reading.OfAsync(test.Node, News, first with { Offset = 7 });
        await test.Node.Publisher("news").PublishAsync("2");
        await present.UntilCountAsync(2);
        await liar.UntilCountAsync(1);

        Assert.False(liar.Start.Recovered);
        Assert.Equal(first with { Offset = 2 }, present.Publications[1].Position);
        Assert.Equal(first with { Offset = 2 }, liar.Publications[0].Position);
    }

    [Theory]
    [InlineData("embedded", true)]
    [InlineData("embedded", false)]
    [InlineData("redis", true)]
    [InlineData("redis", false)]
    public async Task A_last_value_that_is_set_during_a_take_over_ends_the_epoch_only_if_its_publication_was_missed(string redis, bool isPublished)
    {
        // The take-over's script knew nothing of what had arrived and was yet to be appended: the epoch ended, and clients lost what the history held.
        await using var test = await TestNode.StartAsync(TestNode.History, redis);
        var first = (await test.Node.Publisher("news").PublishAsync("1"))[0].Position!.Value;
        await TestNode.UntilAsync(() => test.Node.Metrics.Channels == 0, "the owner goes");
        test.Bus.BeforeNextTakeOver(async () =>
        {
            if (isPublished) await test.StrangerPublishesAsync(News, "foreign", expire: 60);
            else await test.Bus.ExecuteAsync("SETEX", ["broadcast:news", "60", "foreign"]);
        });

        await using var reading = await Reading.OfAsync(test.Node, News);
        var second = (await test.Node.Publisher("news").PublishAsync("2"))[0].Position!.Value;

        Assert.Equal(isPublished ? first with { Offset = 3 } : second with { Offset = 1 }, second);
        Assert.Equal(isPublished, first.Epoch == second.Epoch);
        Assert.Equal(isPublished ? ["1", "foreign", "2"] : ["2"], (await test.StreamAsync(News)).Select(stored => System.Text.Encoding.UTF8.GetString(stored.Payload)));
    }

    [Fact]
    public async Task What_a_relay_has_delivered_and_Redis_has_lost_begins_a_new_epoch()
    {
        // Redis came back without its last writes and the owner came anew: it counted on from an offset that the relay had passed, and the relay let nothing through.
        await using var test = await TestNode.StartAsync(TestNode.History);
        await using var reading = await Reading.OfAsync(test.Node, News);
        for (var i = 1; i <= 5; i++) await test.Node.Publisher("news").PublishAsync($"{i}");
        await reading.UntilCountAsync(5);
        var epoch = reading.Publications[0].Position.Epoch;

        var keys = new Broker.Actors.Redis.RedisKeys("broadcast:news");
        test.Bus.ThrowOnceFrom("AppendAsync");
        await test.Bus.ExecuteAsync("DEL", [keys.History]);
        await test.Bus.ExecuteAsync("HSET", [keys.Meta, "offset", "1"]);
        await TestNode.UntilAsync(
            () =>
            {
                _ = test.Node.Publisher("news").PublishAsync("after");
                return reading.Texts.Contains("after");
            },
            "life after the loss");

        Assert.NotEqual(epoch, reading.Publications[^1].Position.Epoch);
    }

    [Fact]
    public async Task A_long_absence_is_answered_in_pages()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        await using var first = await Reading.OfAsync(test.Node, News);
        var large = new string('x', 10_000);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => test.Node.Publisher("news").PublishAsync(large)));
        await first.UntilCountAsync(100);

        await using var second = await Reading.OfAsync(test.Node, News, first.Publications[0].Position with { Offset = 0 });

        await TestNode.UntilAsync(() => second.Count >= 100 || second.Start is { Recovered: false }, "everything");
        Assert.True(second.Start.Recovered);
        Assert.Equal(first.Publications.Select(one => one.Position), second.Publications.Select(one => one.Position));
    }
}
