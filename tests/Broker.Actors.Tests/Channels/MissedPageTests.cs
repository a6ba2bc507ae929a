using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Channels;

public sealed class MissedPageTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Fact]
    public void What_the_owner_has_not_delivered_yet_is_not_given_away()
    {
        // A relay that read ahead of its owner passed for the witness of a loss.
        var missed = Of(since: 1, delivered: 3, top: 5, [2, 3, 4, 5]);

        Assert.Equal([2, 3], missed.Items.Select(item => item.Position.Offset));
        Assert.Equal((true, 3, false), (missed.Whole, missed.Position.Offset, missed.More));
    }

    [Fact]
    public void A_page_that_its_bounds_end_says_that_there_is_more() =>
        Assert.True(Of(since: 1, delivered: 5, top: 5, [2, 3]) is { Whole: true, More: true, Position.Offset: 3 });

    [Theory]
    [InlineData("e", 6, 1)]
    [InlineData("e", 1, 3)]
    [InlineData("other", 1, 1)]
    public void What_cannot_follow_without_a_gap_is_not_begun(string epoch, long since, long oldest)
    {
        var page = new HistoryPage(new StreamPosition("e", 5), oldest, [new StoredPublication(5, [], null, null)]);

        var missed = MissedPage.Of(page, new ReadMissed(News, 1, new StreamPosition(epoch, since)), News, new StreamPosition("e", 5));

        Assert.Equal((false, new StreamPosition("e", 5)), (missed.Whole, missed.Position));
        Assert.Empty(missed.Items);
    }

    private static Missed Of(long since, long delivered, long top, long[] offsets) => MissedPage.Of(
        new HistoryPage(new StreamPosition("e", top), 1, [.. offsets.Select(offset => new StoredPublication(offset, [], null, null))]),
        new ReadMissed(News, 1, new StreamPosition("e", since)), News, new StreamPosition("e", delivered));
}
