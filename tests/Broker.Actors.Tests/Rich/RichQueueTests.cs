using System.Text;
using Broker.Actors.Connections;
using Broker.Actors.Rich;

namespace Broker.Actors.Tests.Rich;

/// <summary>What the queue of a rich client keeps whose channels conflate: the client reads nothing, and 20 bytes may wait.</summary>
public sealed class RichQueueTests
{
    private const int Limit = 20;

    private readonly RichQueue _queue = new(Limit);

    [Fact]
    public void Nothing_is_dropped_before_it_is_full()
    {
        var (prices, orders) = (new Life("prices", true), new Life("orders", false));

        for (var i = 0; i < 2; i++) Offer(prices, $"new{i}");
        for (var i = 0; i < 3; i++) Offer(orders, $"all{i}");

        Assert.Equal("new0 new1 all0 all1 all2", TakeAll());
    }

    [Fact]
    public void Of_a_subscription_where_only_the_newest_counts_the_newest_stays()
    {
        var prices = new Life("prices", true);

        for (var i = 0; i < 8; i++) Offer(prices, $"new{i}");

        Assert.Equal("new5 new6 new7", TakeAll());
        Assert.False(prices.IsLost);
    }

    [Fact]
    public void One_publication_that_fills_it_alone_makes_room_for_the_next()
    {
        var prices = new Life("prices", true);

        for (var i = 0; i < 3; i++) Offer(prices, $"twenty bytes, no less{i}");

        Assert.Equal("twenty bytes, no less2", TakeAll());
    }

    [Fact]
    public void A_subscription_that_must_miss_nothing_is_lost_as_a_whole_and_nothing_more_is_taken_of_it()
    {
        var orders = new Life("orders", false);
        for (var i = 0; i < 5; i++) Offer(orders, $"all{i}");

        Assert.Equal(0, Offer(orders, "all5"));
        Assert.Equal(1, Offer(null, "told"));
        Assert.Equal(0, Offer(orders, "all6"));

        Assert.True(orders.IsLost);
        Assert.Equal("told", TakeAll());
    }

    [Fact]
    public void Nothing_is_lost_where_it_is_enough_that_older_ones_go()
    {
        var (prices, orders) = (new Life("prices", true), new Life("orders", false));
        for (var i = 0; i < 4; i++) Offer(prices, $"new{i}");
        Offer(orders, "all0");

        Offer(orders, "all1");

        Assert.Equal("new3 all0 all1", TakeAll());
    }

    [Fact]
    public void The_one_of_which_most_waits_is_lost_first()
    {
        var (orders, trades) = (new Life("orders", false), new Life("trades", false));
        Offer(orders, "all0");
        for (var i = 0; i < 4; i++) Offer(trades, $"buy{i}");

        Offer(orders, "all1");

        Assert.Equal((false, true), (orders.IsLost, trades.IsLost));
        Assert.Equal("all0 all1", TakeAll());
    }

    [Fact]
    public void Answers_are_never_dropped_and_a_client_for_which_too_many_wait_is_too_slow()
    {
        var (prices, orders) = (new Life("prices", true), new Life("orders", false));
        foreach (var answer in new[] { "ans0", "ans1", "ans2", "ans3" }) Offer(null, answer);
        Offer(prices, "new0");
        Offer(prices, "new1");

        Assert.False(_queue.Offer(-1, [Slice(null, "ans4")], out _));

        Assert.False(orders.IsLost);
        Assert.Equal("ans0 ans1 ans2 ans3 new1", TakeAll());
    }

    [Fact]
    public void What_is_being_written_stays_and_what_waits_behind_it_can_still_be_dropped()
    {
        var prices = new Life("prices", true);
        for (var i = 0; i < 5; i++) Offer(prices, $"old{i}");
        var writing = _queue.Take()!;

        for (var i = 0; i < 4; i++) Offer(prices, $"new{i}");

        Assert.Equal(5, writing.Count);
        Done(writing);
        Assert.Equal("new3", TakeAll());
    }

    private int Offer(Life? life, string word)
    {
        Assert.True(_queue.Offer(-1, [Slice(life, word)], out var taken));
        return taken;
    }

    private static FrameSlice Slice(Life? life, string word) => new FrameSlice(Encoding.UTF8.GetBytes(word)).Of(life);

    private string TakeAll()
    {
        var words = new List<string>();
        while (_queue.Take() is { } frames)
        {
            words.AddRange(frames.Select(frame => Encoding.UTF8.GetString(frame.Span)));
            Done(frames);
        }

        return string.Join(' ', words);
    }

    private void Done(List<ReadOnlyMemory<byte>> frames)
    {
        var bytes = frames.Sum(frame => (long)frame.Length);
        frames.Clear();
        _queue.Written(frames, bytes);
    }

    private sealed class Life(string name, bool onlyNewest) : IDroppable
    {
        public bool OnlyNewestCounts => onlyNewest;

        public bool IsLost { get; private set; }

        public void Lose() => IsLost = true;

        public override string ToString() => name;
    }
}
