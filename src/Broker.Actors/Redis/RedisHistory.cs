using System.Globalization;
using Broker.Actors.Channels;
using StackExchange.Redis;

namespace Broker.Actors.Redis;

/// <summary>What the history scripts are given, and what their answers mean.</summary>
internal static class RedisHistory
{
    public static RedisValue[] ForAppend(RedisKeys keys, Append order)
    {
        var publications = order.Publications;
        var last = LastPersisted.Of(publications);
        var digests = from publication in publications where !publication.Foreign select Mark.Digest(publication.Payload);
        var arguments = new List<RedisValue>(12 + 5 * publications.Count)
        {
            order.Token,
            order.Epoch,
            order.KnownOffset,
            order.Limits.Size,
            (long)order.Limits.TimeToLive.TotalMilliseconds,
            keys.Mark,
            MarkTail([.. digests]),
            last.Index,
            last.Expire,
            last.IdValue ?? [],
            last.IdExpire,
            keys.Channel,
        };

        foreach (var publication in publications)
        {
            arguments.Add(publication.Payload);
            arguments.Add(publication.PublishId ?? "");
            arguments.Add(publication.Origin ?? "");
            arguments.Add(publication.Shared ? "1" : "");
            arguments.Add(publication.Foreign ? "1" : "");
        }

        return [.. arguments];
    }

    public static Appended ToAppended(RedisResult result)
    {
        var reply = (RedisValue[])result!;
        return (int)reply[0] switch
        {
            1 => new Appended(AppendOutcome.Appended, (long)reply[1]),
            2 => new Appended(AppendOutcome.Superseded, 0),
            _ => new Appended(AppendOutcome.MetaLost, 0),
        };
    }

    public static RedisValue[] ForTakeOver(RedisKeys keys, TakeOver order) =>
    [
        order.NewEpoch, order.Known?.Epoch ?? "", order.Known?.Offset ?? 0, order.ForceNewEpoch ? "1" : "", keys.Mark, order.Size,
    ];

    public static TakenOver ToTakenOver(RedisResult result)
    {
        var reply = (RedisValue[])result!;
        var ids = new List<(long, string)>();
        for (var i = 5; i < reply.Length; i += 2) ids.Add(((long)reply[i], reply[i + 1]!));
        var unknownLast = reply[4].IsNullOrEmpty ? null : (string?)reply[4];
        return new TakenOver((long)reply[0], new StreamPosition(reply[1]!, (long)reply[2]), (int)reply[3] == 1, ids, unknownLast);
    }

    public static RedisValue[] ForPage(long after, int maxCount, int maxBytes) =>
        [(Math.Clamp(after, 0, long.MaxValue - 1) + 1).ToString(CultureInfo.InvariantCulture) + "-0", Math.Max(1, maxCount), maxBytes];

    public static RedisValue[] ForPageBack(long before, int maxCount, int maxBytes) =>
        [(Math.Max(before, 1) - 1).ToString(CultureInfo.InvariantCulture) + "-0", Math.Max(1, maxCount), maxBytes, "back"];

    public static HistoryPage ToPage(RedisResult result)
    {
        var reply = (RedisResult[])result!;
        if (reply.Length == 0) return new HistoryPage(null, 1, []);

        var position = new StreamPosition((string)reply[0]!, (long)reply[1]);
        return new HistoryPage(position, (long)reply[2], Array.ConvertAll((RedisResult[])reply[3]!, ToPublication));
    }

    private static StoredPublication ToPublication(RedisResult entry)
    {
        var parts = (RedisResult[])entry!;
        var id = (string)parts[0]!;
        var fields = (RedisValue[])parts[1]!;

        var stored = new StoredPublication(long.Parse(id.AsSpan(0, id.IndexOf('-', StringComparison.Ordinal)), CultureInfo.InvariantCulture), [], null, null);
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            stored = (string?)fields[i] switch
            {
                "d" => stored with { Payload = fields[i + 1]! },
                "i" => stored with { PublishId = fields[i + 1] },
                "o" => stored with { Origin = fields[i + 1] },
                "s" => stored with { Shared = true },
                _ => stored,
            };
        }

        return stored;
    }

    /// <summary>The mark behind its first offset, which only the script knows.</summary>
    private static string MarkTail(string[] digests) =>
        digests.Length == 0 ? "" : digests.Length.ToString(CultureInfo.InvariantCulture) + " " + string.Join(' ', digests);
}
