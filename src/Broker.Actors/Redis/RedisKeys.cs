namespace Broker.Actors.Redis;

/// <summary>
/// The Redis names of one channel. The channel's own name is also the key of its last message; the companions share its slot on Redis Cluster.
/// </summary>
internal sealed class RedisKeys
{
    private static readonly string[] Suffixes = [":history", ":meta", ":mark", ":id", ":members"];

    private readonly string _stem;

    /// <param name="channel">The Redis channel name, prefix included.</param>
    public RedisKeys(string channel)
    {
        Channel = channel;
        _stem = HashTag(channel) is null ? $"{{{channel}}}" : channel;
    }

    /// <summary>The channel, and the key of its last message.</summary>
    public string Channel { get; }

    /// <summary>A stream: the publications.</summary>
    public string History => _stem + ":history";

    /// <summary>A hash: epoch, offset, owner token. Outlives the history by far.</summary>
    public string Meta => _stem + ":meta";

    /// <summary>A channel: which of the publications that follow are copies of what the history already holds.</summary>
    public string Mark => _stem + ":mark";

    /// <summary>A string: the publish id behind the last message, where one call went to several channels.</summary>
    public string LastId => _stem + ":id";

    /// <summary>A hash: who is there, for the owner that comes after. Not what presence is read from.</summary>
    public string Members => _stem + ":members";

    /// <summary>
    /// A closing brace that ends no valid hash tag would end the one that the name is wrapped in too early: the companions would lie in other slots.
    /// </summary>
    public bool ShareOneSlot => HashTag(Channel) is not null || !Channel.Contains('}', StringComparison.Ordinal);

    /// <summary>
    /// True for a facility whose channels could be another channel's companions: a client that publishes there could put false marks.
    /// </summary>
    public static bool NamesCompanion(string facility) =>
        facility.Contains('{', StringComparison.Ordinal) && Suffixes.Any(suffix => facility.EndsWith(suffix, StringComparison.Ordinal));

    /// <summary>What Redis Cluster hashes instead of the whole key: between the first <c>{</c> and the next <c>}</c>, if not empty.</summary>
    private static string? HashTag(string key)
    {
        var open = key.IndexOf('{', StringComparison.Ordinal);
        if (open < 0) return null;

        var close = key.IndexOf('}', open + 1);
        return close > open + 1 ? key[(open + 1)..close] : null;
    }
}
