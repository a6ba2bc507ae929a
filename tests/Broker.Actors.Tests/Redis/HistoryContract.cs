using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>Appending to the history, and reading it.</summary>
public abstract class HistoryContract(AnyRedis redis) : BusContract(redis)
{
    private static readonly HistoryLimits Limits = new(100, TimeSpan.FromMinutes(5));

    private Task<TakenOver> TakeOverAsync(string epoch = "e1", StreamPosition? known = null, bool force = false, int size = 100) =>
        Bus.TakeOverAsync(Keys, new TakeOver(epoch, known, size, force));

    /// <summary>An owner, and a subscriber that has the take-over's mark behind it: what a Redis Cluster publishes reaches other nodes in its own time, after later subscriptions too.</summary>
    private async Task<(TakenOver Owner, Recorder Channel)> TakeOverSubscribedAsync()
    {
        var channel = await SubscribeAsync();
        var owner = await TakeOverAsync();
        await channel.MarksAsync(1);
        channel.Forget();
        return (owner, channel);
    }

    private async Task<Appended> AppendAsync(TakenOver owner, params OutgoingPublication[] publications) =>
        await Bus.AppendAsync(Keys, new Append(owner.Token, owner.Position.Epoch, Limits, publications));

    private Task<HistoryPage> ReadAsync(long after = 0, int maxCount = 1000, int maxBytes = int.MaxValue) =>
        Bus.ReadHistoryAsync(Keys, after, maxCount, maxBytes);

    private static string[] Payloads(HistoryPage page) => [.. page.Publications.Select(entry => Encoding.UTF8.GetString(entry.Payload))];

    [Fact]
    public async Task A_channel_without_history_has_no_position()
    {
        Assert.Null(await Bus.ReadPositionAsync(Keys));

        var page = await ReadAsync();
        Assert.Null(page.Position);
        Assert.Empty(page.Publications);
    }

    [Fact]
    public async Task The_first_owner_begins_the_epoch_it_brought_at_offset_0()
    {
        var owner = await TakeOverAsync("e1");

        Assert.Equal(new StreamPosition("e1", 0), owner.Position);
        Assert.True(owner.IsNewEpoch);
        Assert.Equal(owner.Position, await Bus.ReadPositionAsync(Keys));
        Assert.Equal(1, (await ReadAsync()).Oldest);
    }

    [Fact]
    public async Task Appended_publications_are_numbered_and_read_back_with_all_that_belongs_to_them()
    {
        var owner = await TakeOverAsync();

        Assert.Equal(new Appended(AppendOutcome.Appended, 1), await AppendAsync(owner, Own("a", "p1", "client-1"), Own("b")));
        Assert.Equal(new Appended(AppendOutcome.Appended, 3), await AppendAsync(owner, Own("c", "p3", shared: true), Foreign("d")));

        var page = await ReadAsync();
        Assert.Equal(new StreamPosition("e1", 4), page.Position);
        Assert.Equal(1, page.Oldest);
        Assert.Equal(["a", "b", "c", "d"], Payloads(page));
        Assert.Equal([(1, "p1", "client-1", false), (2, null, null, false), (3, "p3", null, true), (4, null, null, false)],
            page.Publications.Select(entry => (entry.Offset, entry.PublishId, entry.Origin, entry.Shared)));
    }

    [Fact]
    public async Task A_history_is_read_backwards_too()
    {
        var owner = await TakeOverAsync();
        await AppendAsync(owner, [.. Enumerable.Range(1, 50).Select(number => Own($"{number}"))]);

        async Task<string[]> BackAsync(long before, int maxCount = 1000, int maxBytes = int.MaxValue) => Payloads(await Bus.ReadHistoryBackAsync(Keys, before, maxCount, maxBytes));

        Assert.Equal(Enumerable.Range(1, 50).Reverse().Select(number => $"{number}"), await BackAsync(long.MaxValue));
        Assert.Equal(["50", "49"], await BackAsync(51, maxCount: 2));
        Assert.Equal(["4", "3", "2"], await BackAsync(5, maxCount: 3));
        Assert.Equal(["50"], await BackAsync(long.MaxValue, maxBytes: 1));
        Assert.Empty(await BackAsync(1));
        Assert.Equal(new StreamPosition("e1", 50), (await Bus.ReadHistoryBackAsync(Keys, 1, 1, 1)).Position);
    }

    [Fact]
    public async Task Any_bytes_can_be_appended()
    {
        byte[] everyByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        var owner = await TakeOverAsync();

        await AppendAsync(owner, new OutgoingPublication(everyByte, null, null, 60), new OutgoingPublication([], null, null, 0));

        var page = await ReadAsync();
        Assert.Equal(everyByte, page.Publications[0].Payload);
        Assert.Empty(page.Publications[1].Payload);
    }

    [Fact]
    public async Task A_batch_of_512_is_one_append()
    {
        var (owner, channel) = await TakeOverSubscribedAsync();

        await AppendAsync(owner, [.. Enumerable.Range(0, 512).Select(i => Own($"{i}", $"p{i}"))]);
        await channel.PayloadsAsync(512);

        Assert.Equal(512, Assert.Single(channel.Marks).Digests.Count);
        Assert.Equal([.. Enumerable.Range(413, 100)], (await ReadAsync()).Publications.Select(entry => entry.Offset));
    }

    [Fact]
    public async Task The_history_keeps_the_newest_up_to_its_size()
    {
        var owner = await TakeOverAsync();
        for (var i = 1; i <= 7; i++)
            await Bus.AppendAsync(Keys, new Append(owner.Token, "e1", new HistoryLimits(3, TimeSpan.FromMinutes(5)), [Own($"{i}", $"p{i}")]));

        var page = await ReadAsync();
        Assert.Equal((new StreamPosition("e1", 7), 5), (page.Position!.Value, page.Oldest));
        Assert.Equal(["5", "6", "7"], Payloads(page));
        Assert.Equal([(5, "p5"), (6, "p6"), (7, "p7")], (await TakeOverAsync()).PublishIds);
    }

    [Fact]
    public async Task A_history_of_a_larger_size_in_former_days_is_cut_before_it_is_looked_through()
    {
        // However much a stream held, one script went through all of it while Redis did nothing else.
        var owner = await TakeOverAsync();
        await AppendAsync(owner, [.. Enumerable.Range(1, 90).Select(i => Own($"{i}", $"p{i}"))]);

        var next = await TakeOverAsync(size: 3);

        Assert.Equal((new StreamPosition("e1", 90), false), (next.Position, next.IsNewEpoch));
        Assert.Equal([(88, "p88"), (89, "p89"), (90, "p90")], next.PublishIds);
        Assert.Equal(88, (await ReadAsync()).Oldest);
    }

    [Fact]
    public async Task The_history_goes_some_time_after_the_last_publication_and_the_position_stays()
    {
        var owner = await TakeOverAsync();
        await Bus.AppendAsync(Keys, new Append(owner.Token, "e1", new HistoryLimits(10, TimeSpan.FromSeconds(1)), [Own("a"), Own("b")]));

        Elapse(TimeSpan.FromSeconds(1));

        await UntilAsync(async () => (await ReadAsync()).Publications.Count == 0);
        var page = await ReadAsync();
        Assert.Equal((new StreamPosition("e1", 2), 3), (page.Position!.Value, page.Oldest));
        Assert.Equal(3, (await AppendAsync(owner, Own("c"))).FirstOffset);
        Assert.Equal(3, (await ReadAsync()).Oldest);
    }

    [Fact]
    public async Task A_page_begins_after_an_offset_and_ends_at_its_bounds()
    {
        var owner = await TakeOverAsync();
        await AppendAsync(owner, [.. Enumerable.Range(1, 90).Select(i => Own($"{i:D10}"))]);

        Assert.Equal([5, 6, 7], (await ReadAsync(after: 4, maxCount: 3)).Publications.Select(entry => entry.Offset));
        Assert.Equal([5, 6], (await ReadAsync(after: 4, maxBytes: 29)).Publications.Select(entry => entry.Offset));
        Assert.Equal([5], (await ReadAsync(after: 4, maxBytes: 1)).Publications.Select(entry => entry.Offset));
        Assert.Equal(86, (await ReadAsync(after: 4)).Publications.Count);
        Assert.Empty((await ReadAsync(after: 90)).Publications);
        Assert.Empty((await ReadAsync(after: long.MaxValue)).Publications);
    }

    [Fact]
    public async Task A_mark_comes_before_the_publications_and_names_them()
    {
        var (owner, channel) = await TakeOverSubscribedAsync();

        await AppendAsync(owner, Foreign("a foreigner's"), Own("one"), Own("two"));
        await channel.PayloadsAsync(2);

        Assert.True(channel.Arrivals[0].IsMark);
        Assert.Equal(["one", "two"], channel.Payloads);
        var mark = Assert.Single(channel.Marks);
        Assert.Equal((owner.Token, "e1", 1), (mark.Token, mark.Epoch, mark.FirstOffset));
        Assert.Equal([Mark.Digest(Bytes("one")), Mark.Digest(Bytes("two"))], mark.Digests);
    }

    // On Redis Cluster the mark of the take-over came now and then behind the later subscription, and was counted.
    [Fact]
    public async Task Foreign_publications_are_appended_and_neither_published_nor_marked_nor_persisted()
    {
        var (owner, channel) = await TakeOverSubscribedAsync();

        await AppendAsync(owner, Foreign("foreign") with { Expire = 60 });
        Bus.Fence(Keys.Channel, 1);
        await channel.PassedAsync(1);

        Assert.Empty(channel.Arrivals);
        Assert.Null(await LastAsync());
        Assert.Equal(["foreign"], Payloads(await ReadAsync()));
    }

    [Fact]
    public async Task Taking_over_puts_a_mark_that_names_no_copies()
    {
        var channel = await SubscribeAsync();

        var owner = await TakeOverAsync();
        await channel.MarksAsync(1);

        var mark = Assert.Single(channel.Marks);
        Assert.Equal((owner.Token, "e1"), (mark.Token, mark.Epoch));
        Assert.Empty(mark.Digests);
    }

    [Fact]
    public async Task Appending_sets_the_last_message_and_its_publish_id()
    {
        var owner = await TakeOverAsync();

        await AppendAsync(owner, Own("a", "p1", expire: 60, shared: true), Own("b", "p2"));

        var last = await Bus.ReadLastAsync(Keys);
        Assert.Equal(("a", "p1"), (Encoding.UTF8.GetString(last.Payload!), last.PublishId));
        Assert.InRange((await DoAsync("TTL", Keys.Channel)).Number!.Value, 58, 60);
    }

    [Fact]
    public async Task The_meta_lives_for_thirty_days()
    {
        var owner = await TakeOverAsync();
        await AppendAsync(owner, Own("a"));

        Assert.InRange((await DoAsync("TTL", Keys.Meta)).Number!.Value, 30 * 86400 - 60, 30 * 86400);
    }

    [Fact]
    public async Task A_later_owner_ends_the_rights_of_an_earlier_one()
    {
        var former = await TakeOverAsync();
        var present = await TakeOverAsync();

        Assert.True(present.Token > former.Token);
        Assert.Equal(AppendOutcome.Superseded, (await AppendAsync(former, Own("late"))).Outcome);
        Assert.Equal(new Appended(AppendOutcome.Appended, 1), await AppendAsync(present, Own("a")));
    }

    [Fact]
    public async Task A_later_owner_with_a_new_epoch_supersedes_too()
    {
        var former = await TakeOverAsync("e1");
        await TakeOverAsync("e2", force: true);

        Assert.Equal(AppendOutcome.Superseded, (await AppendAsync(former, Own("late"))).Outcome);
    }

    [Fact]
    public async Task Nothing_is_appended_when_the_meta_is_gone_or_is_of_another_epoch()
    {
        var owner = await TakeOverAsync();
        await AppendAsync(owner, Own("a"));

        await DoAsync("HSET", Keys.Meta, "epoch", "another");
        Assert.Equal(AppendOutcome.MetaLost, (await AppendAsync(owner, Own("b"))).Outcome);

        await DoAsync("DEL", Keys.Meta);
        Assert.Equal(AppendOutcome.MetaLost, (await AppendAsync(owner, Own("b"))).Outcome);
    }

    [Fact]
    public async Task Nothing_is_appended_when_the_meta_is_older_than_what_the_owner_has_seen()
    {
        var owner = await TakeOverAsync();
        await AppendAsync(owner, Own("a"));

        Assert.Equal(AppendOutcome.MetaLost, (await Bus.AppendAsync(Keys, new Append(owner.Token, "e1", Limits, [Own("b")], KnownOffset: 2))).Outcome);
        Assert.Equal(AppendOutcome.Appended, (await Bus.AppendAsync(Keys, new Append(owner.Token, "e1", Limits, [Own("b")], KnownOffset: 1))).Outcome);
    }

    [Fact]
    public async Task Taking_over_tells_which_publish_ids_the_history_holds()
    {
        var owner = await TakeOverAsync();
        await AppendAsync(owner, Own("a", "p1"), Own("b"), Foreign("c"), Own("d", "p4"));

        Assert.Equal([(1, "p1"), (4, "p4")], (await TakeOverAsync()).PublishIds);
    }
}
