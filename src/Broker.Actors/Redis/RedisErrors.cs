using StackExchange.Redis;

namespace Broker.Actors.Redis;

/// <summary>Which failures pass by themselves and which do not.</summary>
internal static class RedisErrors
{
    /// <summary>Redis's own codes for "not now, not here".</summary>
    private static readonly string[] Temporary =
    [
        "LOADING", "READONLY", "CLUSTERDOWN", "MOVED", "ASK", "TRYAGAIN", "MASTERDOWN", "BUSY", "OOM", "MISCONF", "NOREPLICAS", "NOAUTH", "WRONGPASS",
    ];

    public static Exception Translate(Exception problem, string? trouble) => problem switch
    {
        RedisServerException refused when !IsTemporary(refused.Message) => new RedisRefusedException(refused.Message, refused),
        RedisServerException temporary => new RedisUnavailableException("Redis cannot serve: " + temporary.Message, temporary),
        RedisCommandException unfit => new RedisRefusedException(unfit.Message, unfit),
        TimeoutException => new RedisUnavailableException("Redis does not answer in time", problem),
        RedisException or ObjectDisposedException => new RedisUnavailableException("Redis is not connected" + (trouble is null ? "" : ": " + trouble), problem),
        _ => problem,
    };

    /// <summary>The script cache was emptied, or Redis restarted.</summary>
    public static bool IsNoScript(RedisServerException problem) => problem.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal);

    // Before Redis 7 an error inside a script came as "ERR Error running script …: -OOM …".
    private static bool IsTemporary(string message) => Temporary.Any(code =>
        message.StartsWith(code + " ", StringComparison.Ordinal)
        || (message.StartsWith("ERR Error running script", StringComparison.Ordinal) && message.Contains("-" + code + " ", StringComparison.Ordinal)));
}
