using Broker.Actors.Redis;

namespace Broker.Actors.Channels;

/// <summary>What a relay that asks for what it missed is given of a page of the history.</summary>
internal static class MissedPage
{
    /// <summary>So that with all their ids and <see cref="PublicationsFrame.MaxBytes"/> a page stays below what a link between nodes takes.</summary>
    public const int MaxCount = 128;

    /// <param name="delivered">
    /// Where the owner stands. What the history holds beyond it, it has yet to be told of by the script, and delivers itself: no relay is ever ahead of its owner.
    /// </param>
    public static Missed Of(HistoryPage page, ReadMissed order, ChannelName channel, StreamPosition delivered)
    {
        var since = order.Since;
        if (page.Position is not { } top || top.Epoch != since.Epoch || since.Offset > top.Offset || page.Oldest > since.Offset + 1)
            return new Missed(order.Ticket, false, delivered, [], More: false);

        var end = delivered.Epoch == top.Epoch ? Math.Min(delivered.Offset, top.Offset) : top.Offset;
        var items = page.Publications
            .Where(stored => stored.Offset <= end)
            .Select(stored => new Publication(channel, since with { Offset = stored.Offset }, stored.Payload, stored.PublishId, stored.Origin, stored.Shared))
            .ToList();
        var last = items.Count > 0 ? items[^1].Position.Offset : since.Offset;
        return new Missed(order.Ticket, true, since with { Offset = last }, items, More: last < end && items.Count > 0);
    }
}
