using Broker.Actors.Channels;

namespace Broker.Actors.Tests.Channels;

public sealed class OpenBatchesTests
{
    private readonly OpenBatches _batches = new(size: 10);

    [Theory]
    [InlineData(11, 0, 0, true)]
    [InlineData(11, 1, 0, false)]
    [InlineData(10, 1, 0, true)]
    [InlineData(11, 0, 11, false)]
    [InlineData(3, 0, 11, false)]
    [InlineData(3, 0, 10, true)]
    public void A_batch_may_be_repeated_if_none_of_it_was_sent_or_the_history_still_holds_what_may_have_been(int count, int refused, int appended, bool mayRepeat)
    {
        var tickets = _batches.Open("relay", 1, count);

        var answer = _batches.Refused(tickets[refused], appended);

        Assert.Equal(new BatchRefused(1, mayRepeat, MayBePublished: refused > 0 || appended > 0), answer);
        Assert.Null(_batches.Refused(tickets[^1], appended));
    }
}
