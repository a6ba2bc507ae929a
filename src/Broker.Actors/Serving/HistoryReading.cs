using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Settings;

namespace Broker.Actors.Serving;

/// <summary>Reads a part of a channel's history straight from Redis, for clients and for the server API.</summary>
internal static class HistoryReading
{
    /// <param name="services">Whose Redis it is.</param>
    /// <param name="channel">One with history.</param>
    /// <param name="limit">0: only the position; below 0: as many as are given at once.</param>
    /// <param name="since">Those after it, or backwards before it.</param>
    /// <param name="reverse">The newest first.</param>
    public static async Task<HistoryPart> ReadAsync(BrokerServices services, ChannelName channel, int limit, StreamPosition? since, bool reverse)
    {
        var keys = new RedisKeys(channel.ToRedis(services.Settings.Prefix));
        var limits = services.Settings.Recovery;
        var count = Math.Max(1, limit < 0 ? limits.Publications : Math.Min(limit, limits.Publications));
        var bytes = (int)Math.Min(limits.Bytes, int.MaxValue);
        var page = reverse
            ? await services.Bus.ReadHistoryBackAsync(keys, since?.Offset ?? long.MaxValue, count, bytes)
            : await services.Bus.ReadHistoryAsync(keys, since?.Offset ?? 0, count, bytes);

        var top = page.Position ?? new StreamPosition("", 0);
        var found = limit == 0 ? [] : page.Publications.Select(stored => new Publication(
            channel, top with { Offset = stored.Offset }, stored.Payload, stored.PublishId, stored.Origin, stored.Shared)).ToArray();
        return new HistoryPart(
            new HistoryView(top, found),
            IsOtherEpoch: since is { Epoch.Length: > 0 } said && said.Epoch != top.Epoch,
            HasGap: since is { } from && (reverse ? from.Offset > top.Offset + 1 : from.Offset > top.Offset || page.Oldest > from.Offset + 1));
    }
}

/// <param name="IsOtherEpoch">The position that was asked from is of another life of the history.</param>
/// <param name="HasGap">What was asked for is not whole any more, or its position was never there.</param>
internal sealed record HistoryPart(HistoryView View, bool IsOtherEpoch, bool HasGap);
