using Broker.Actors.Redis;
using StackExchange.Redis;

namespace Broker.Actors.Streams;

/// <summary>What somebody has added to a stream.</summary>
/// <param name="Id">Its id, as Redis gave it.</param>
/// <param name="Payload">The field that is to be published; null where the entry has none.</param>
/// <param name="IsDeleted">Somebody deleted it before it was published: only its id is left.</param>
internal sealed record StreamEntry(string Id, byte[]? Payload, bool IsDeleted = false)
{
    /// <summary>What XREADGROUP answers for one stream.</summary>
    public static IReadOnlyList<StreamEntry> Read(RedisResult reply, string field)
    {
        if (reply.IsNull) return [];

        var stream = (RedisResult[])((RedisResult[])reply!)[0]!;
        return Array.ConvertAll((RedisResult[])stream[1]!, entry => ReadOne(entry, field));
    }

    /// <summary>Why it cannot be published; null if it can.</summary>
    public string? Refusal(int maxMessage) =>
        IsDeleted ? "deleted" : Payload is null ? "field" : Payload.Length > maxMessage ? "toolarge" : null;

    /// <summary>The same entry has the same id whoever publishes it: a channel with history takes it once.</summary>
    public OutgoingPublication ToPublication(string stream, int expire) => new(Payload!, $"{stream}:{Id}", null, expire);

    private static StreamEntry ReadOne(RedisResult entry, string field)
    {
        var parts = (RedisResult[])entry!;
        var id = (string)parts[0]!;
        if (parts[1].IsNull) return new StreamEntry(id, null, IsDeleted: true);

        var fields = (RedisValue[])parts[1]!;
        for (var i = 0; i + 1 < fields.Length; i += 2)
            if ((string?)fields[i] == field) return new StreamEntry(id, fields[i + 1]);

        return new StreamEntry(id, null);
    }
}
