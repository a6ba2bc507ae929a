using System.Globalization;
using System.Text;
using Broker.Actors.Channels;
using Meta = System.Collections.Generic.Dictionary<string, byte[]>;

namespace Broker.Actors.Redis.InMemory;

/// <summary>What the Lua scripts do, on an <see cref="InMemoryStore"/>. Call under its lock.</summary>
internal static class InMemoryHistory
{
    private static readonly TimeSpan MetaLife = TimeSpan.FromDays(30);

    public static void Publish(InMemoryStore store, RedisKeys keys, IReadOnlyList<OutgoingPublication> publications)
    {
        foreach (var publication in publications)
        {
            Persist(store, keys, publication);
            store.Publish(keys.Channel, publication.Payload);
        }
    }

    public static LastValue ReadLast(InMemoryStore store, RedisKeys keys)
    {
        if (store.Keys.Find(keys.Channel) is not byte[] payload) return default;
        if (store.Keys.Find(keys.LastId) is not byte[] id) return new LastValue(payload, null);

        return new LastValue(payload, LastId.Match(id, payload));
    }

    public static StreamPosition? ReadPosition(InMemoryStore store, RedisKeys keys)
    {
        var meta = store.Keys.Find<Meta>(keys.Meta);
        return Text(meta, "epoch") is { } epoch ? new StreamPosition(epoch, Number(meta, "offset")) : null;
    }

    public static TakenOver TakeOver(InMemoryStore store, RedisKeys keys, TakeOver order)
    {
        var meta = store.Keys.FindOrAdd<Meta>(keys.Meta);
        var now = store.Time.GetUtcNow().Subtract(DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var token = Math.Max(Number(meta, "token") + 1, now);
        var last = store.Keys.Find(keys.Channel) is byte[] value ? LastDigest.Of(value) : "";

        store.Keys.Find<HistoryStream>(keys.History)?.Trim(order.Size);
        var isNew = NeedsNewEpoch(store, keys, meta, order);
        var isUnknown = !isNew && IsUnknown(store, keys, meta, last);
        if (isNew)
        {
            store.Keys.Remove(keys.History);
            Set(meta, "epoch", order.NewEpoch);
            Set(meta, "offset", 0);
        }

        if (!isUnknown) Set(meta, "last", last);
        Set(meta, "token", token);
        store.Keys.Expire(keys.Meta, MetaLife);
        var position = new StreamPosition(Text(meta, "epoch")!, Number(meta, "offset"));
        PutMark(store, keys, new Mark(token, position.Epoch, position.Offset, []));

        var entries = store.Keys.Find<HistoryStream>(keys.History)?.All ?? [];
        var ids = from entry in entries where entry.PublishId is not null select (entry.Offset, entry.PublishId!);
        return new TakenOver(token, position, isNew, ids.ToArray(), isUnknown ? last : null);
    }

    public static Appended Append(InMemoryStore store, RedisKeys keys, Append order)
    {
        var meta = store.Keys.Find<Meta>(keys.Meta);
        if (meta is null) return new Appended(AppendOutcome.MetaLost, 0);
        if (Number(meta, "token") > order.Token) return new Appended(AppendOutcome.Superseded, 0);
        if (Text(meta, "epoch") != order.Epoch) return new Appended(AppendOutcome.MetaLost, 0);

        var offset = Number(meta, "offset");
        if (offset < order.KnownOffset) return new Appended(AppendOutcome.MetaLost, 0);

        var history = store.Keys.FindOrAdd<HistoryStream>(keys.History);
        var appended = new Appended(AppendOutcome.Appended, offset + 1);
        foreach (var publication in order.Publications)
        {
            history.Add(Stored(++offset, publication), order.Limits.Size);
            if (!publication.Foreign && Persist(store, keys, publication)) Set(meta, "last", LastDigest.Of(publication.Payload));
        }

        NoteForeignLast(store, keys, meta, order.Publications);
        Set(meta, "offset", offset);
        store.Keys.Expire(keys.History, order.Limits.TimeToLive);
        store.Keys.Expire(keys.Meta, MetaLife);

        var own = order.Publications.Where(publication => !publication.Foreign).ToArray();
        if (own.Length == 0) return appended;

        PutMark(store, keys, new Mark(order.Token, order.Epoch, appended.FirstOffset, Array.ConvertAll(own, publication => Mark.Digest(publication.Payload))));
        foreach (var publication in own) store.Publish(keys.Channel, publication.Payload);
        return appended;
    }

    public static HistoryPage ReadHistory(InMemoryStore store, RedisKeys keys, Func<HistoryStream, IReadOnlyList<StoredPublication>> page)
    {
        if (ReadPosition(store, keys) is not { } position) return new HistoryPage(null, 1, []);

        var history = store.Keys.Find<HistoryStream>(keys.History);
        return new HistoryPage(position, history?.Oldest ?? position.Offset + 1, history is null ? [] : page(history));
    }

    private static bool NeedsNewEpoch(InMemoryStore store, RedisKeys keys, Meta meta, TakeOver order)
    {
        if (Text(meta, "epoch") is not { } epoch || order.ForceNewEpoch) return true;

        var offset = Number(meta, "offset");
        if (order.Known is { } known && known.Epoch == epoch && offset < known.Offset) return true;

        return store.Keys.Find<HistoryStream>(keys.History)?.Newest > offset;
    }

    /// <summary>A last value that the history has never held.</summary>
    private static bool IsUnknown(InMemoryStore store, RedisKeys keys, Meta meta, string last)
    {
        if (Number(meta, "offset") == 0 || last.Length == 0 || last == Text(meta, "last")) return false;

        return store.Keys.Find<HistoryStream>(keys.History)?.All.Any(entry => LastDigest.Of(entry.Payload) == last) != true;
    }

    /// <summary>A foreign publisher set the last value before it published: from here on the history has held it.</summary>
    private static void NoteForeignLast(InMemoryStore store, RedisKeys keys, Meta meta, IReadOnlyList<OutgoingPublication> publications)
    {
        if (!publications.Any(publication => publication.Foreign) || store.Keys.Find(keys.Channel) is not byte[] last) return;
        if (publications.Any(publication => publication.Foreign && publication.Payload.AsSpan().SequenceEqual(last))) Set(meta, "last", LastDigest.Of(last));
    }

    private static bool Persist(InMemoryStore store, RedisKeys keys, OutgoingPublication publication)
    {
        if (publication.Expire <= 0) return false;

        var expires = TimeSpan.FromSeconds(publication.Expire);
        store.Keys.Set(keys.Channel, publication.Payload, expires);
        if (publication is { Shared: true, PublishId: { } id }) store.Keys.Set(keys.LastId, LastId.Of(id, publication.Payload), expires);
        return true;
    }

    private static StoredPublication Stored(long offset, OutgoingPublication publication) =>
        new(offset, publication.Payload, publication.PublishId, publication.Origin, publication.Shared);

    private static void PutMark(InMemoryStore store, RedisKeys keys, Mark mark) => store.Publish(keys.Mark, Encoding.UTF8.GetBytes(mark.ToString()));

    private static string? Text(Meta? meta, string field) => meta is not null && meta.TryGetValue(field, out var value) ? Encoding.UTF8.GetString(value) : null;

    private static long Number(Meta? meta, string field) =>
        long.TryParse(Text(meta, field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static void Set(Meta meta, string field, string value) => meta[field] = Encoding.UTF8.GetBytes(value);

    private static void Set(Meta meta, string field, long value) => Set(meta, field, value.ToString(CultureInfo.InvariantCulture));
}
