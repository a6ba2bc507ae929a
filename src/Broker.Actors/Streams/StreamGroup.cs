using Broker.Actors.Redis;
using StackExchange.Redis;

namespace Broker.Actors.Streams;

/// <summary>
/// The broker's place in one stream: the commands of its consumer group. There is one consumer, whichever node reads: the next one finds what the last left unacknowledged.
/// </summary>
internal sealed class StreamGroup(RedisBus bus, StreamRule rule)
{
    /// <summary>Entries that are read at once. Redis bounds them by number only.</summary>
    public const int PageSize = 100;

    private const string Consumer = "broker";

    /// <summary>Entries that nobody has been given yet, and how many are unacknowledged with them.</summary>
    public async Task<NewEntries> ReadNewAsync()
    {
        // In one go: two commands of an idle stream cost one round trip.
        var reply = ReadAsync(">");
        var pending = bus.ExecuteRawAsync("XPENDING", (RedisKey)rule.Stream, rule.Group);
        await Task.WhenAll(reply, pending);
        return new NewEntries(await reply, (long)((RedisResult[])(await pending)!)[0]);
    }

    /// <summary>The oldest entries that were given to a node and never acknowledged.</summary>
    public Task<IReadOnlyList<StreamEntry>> ReadUnacknowledgedAsync() => ReadAsync("0");

    public Task AcknowledgeAsync(IReadOnlyList<string> ids) =>
        bus.ExecuteRawAsync("XACK", [(RedisKey)rule.Stream, rule.Group, .. ids]);

    /// <summary>
    /// Makes the group, and the stream if it is not there. It begins with the first entry: what was added before the broker came, or while the group was lost, is published, too. Who wants
    /// only what comes makes the group himself, from <c>$</c>.
    /// </summary>
    public async Task CreateAsync()
    {
        try
        {
            await bus.ExecuteRawAsync("XGROUP", "CREATE", (RedisKey)rule.Stream, rule.Group, "0", "MKSTREAM");
        }
        catch (RedisRefusedException there) when (there.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // Somebody else was quicker.
        }
    }

    /// <summary>The group, or the stream with it, is not there (any more).</summary>
    public static bool IsMissing(Exception fault) => fault is RedisRefusedException && fault.Message.StartsWith("NOGROUP", StringComparison.Ordinal);

    private async Task<IReadOnlyList<StreamEntry>> ReadAsync(string from) => StreamEntry.Read(
        await bus.ExecuteRawAsync("XREADGROUP", "GROUP", rule.Group, Consumer, "COUNT", PageSize, "STREAMS", (RedisKey)rule.Stream, from), rule.Field);
}

/// <param name="Unacknowledged">Entries of the group that are given out and not acknowledged, these among them.</param>
internal sealed record NewEntries(IReadOnlyList<StreamEntry> Entries, long Unacknowledged);
