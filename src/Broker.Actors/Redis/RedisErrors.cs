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
        RedisServerException refused when CodeOf(refused.Message) is { } code && !Temporary.Contains(code) => new RedisRefusedException(refused.Message, refused),

        // No more than the code: MOVED and ASK name hosts, and so does what the client library says in Redis's stead.
        RedisServerException temporary => new RedisUnavailableException("Redis cannot serve: " + (CodeOf(temporary.Message) ?? "a node is missing"), temporary),
        RedisCommandException unfit => new RedisRefusedException(unfit.Message, unfit),
        TimeoutException => new RedisUnavailableException("Redis does not answer in time", problem),
        RedisException or ObjectDisposedException => new RedisUnavailableException("Redis is not connected" + (trouble is null ? "" : ": " + trouble), problem),
        _ => problem,
    };

    /// <summary>The script cache was emptied, or Redis restarted.</summary>
    public static bool IsNoScript(RedisServerException problem) => problem.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal);

    /// <summary>The word in capitals that an error of Redis begins with; null if it is none of Redis's.</summary>
    private static string? CodeOf(string message)
    {
        // Before Redis 7 an error inside a script came as "ERR Error running script …: -OOM …".
        if (message.StartsWith("ERR Error running script", StringComparison.Ordinal))
            return Temporary.FirstOrDefault(code => message.Contains("-" + code + " ", StringComparison.Ordinal)) ?? "ERR";

        var first = message.Split(' ', 2)[0];
        return first.Length > 1 && first.All(char.IsAsciiLetterUpper) ? first : null;
    }
}
