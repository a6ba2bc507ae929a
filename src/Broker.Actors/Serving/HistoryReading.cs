using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;

namespace Broker.Actors.Serving;

/// <summary>Reads a part of a channel's history straight from Redis, forwards or backwards.</summary>
internal sealed class HistoryReading(IRedisBus bus, RedisKeys keys, ChannelName channel, RecoveryLimits limits)
{
    /// <summary>Backwards it is read in pieces: how many bytes a piece has is not known before.</summary>
    private const int Piece = 64;

    /// <exception cref="ServerApiException">What was asked for is not whole any more.</exception>
    public async Task<HistoryView> ReadAsync(int limit, StreamPosition? since, bool reverse)
    {
        var count = limit < 0 ? limits.Publications : Math.Min(limit, limits.Publications);
        return reverse ? await BackwardsAsync(count, since) : await ForwardsAsync(count, since);
    }

    private async Task<HistoryView> ForwardsAsync(int count, StreamPosition? since)
    {
        var after = since?.Offset ?? 0;
        var page = await bus.ReadHistoryAsync(keys, after, Math.Max(1, count), (int)Math.Min(int.MaxValue, limits.Bytes));
        var top = Top(page, since);
        if (since is not null && (after > top.Offset || page.Oldest > after + 1)) throw new ServerApiException(RichError.UnrecoverablePosition);

        return new HistoryView(top, count == 0 ? [] : [.. page.Publications.Select(stored => Publication(stored, top.Epoch))]);
    }

    /// <summary>Offsets have no gaps: what is the last but ten is known.</summary>
    private async Task<HistoryView> BackwardsAsync(int count, StreamPosition? since)
    {
        var first = await bus.ReadHistoryAsync(keys, long.MaxValue - 1, 1, 1);
        var top = Top(first, since);
        if (since is { } position && position.Offset > top.Offset + 1) throw new ServerApiException(RichError.UnrecoverablePosition);

        var found = new List<Publication>();
        var bytes = 0L;
        for (var end = since is null ? top.Offset : since.Value.Offset - 1; end >= first.Oldest && found.Count < count;)
        {
            var begin = Math.Max(first.Oldest, end - Math.Min(Piece, count - found.Count) + 1);
            var piece = await PieceAsync(begin, end);
            if (piece.Count == 0) break;

            foreach (var stored in piece.Reverse())
            {
                bytes += stored.Payload.Length;
                if (bytes > limits.Bytes && found.Count > 0) return new HistoryView(top, found);
                found.Add(Publication(stored, top.Epoch));
            }

            end = begin - 1;
        }

        return new HistoryView(top, found);
    }

    /// <summary>Both ends included; what has gone meanwhile is missing at its beginning.</summary>
    private async Task<IReadOnlyList<StoredPublication>> PieceAsync(long begin, long end)
    {
        var piece = new List<StoredPublication>();
        for (var after = begin - 1; after < end;)
        {
            var page = await bus.ReadHistoryAsync(keys, after, (int)(end - after), (int)Math.Min(int.MaxValue, limits.Bytes));
            if (page.Publications.Count == 0) break;

            piece.AddRange(page.Publications);
            after = page.Publications[^1].Offset;
        }

        return piece;
    }

    private static StreamPosition Top(HistoryPage page, StreamPosition? since)
    {
        var top = page.Position ?? new StreamPosition("", 0);
        return since is { } position && !string.IsNullOrEmpty(position.Epoch) && position.Epoch != top.Epoch ? throw new ServerApiException(RichError.UnrecoverablePosition) : top;
    }

    private Publication Publication(StoredPublication stored, string epoch) =>
        new(channel, new StreamPosition(epoch, stored.Offset), stored.Payload, stored.PublishId, stored.Origin, stored.Shared);
}
