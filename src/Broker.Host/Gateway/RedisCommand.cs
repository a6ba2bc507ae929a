namespace Broker.Host.Gateway;

/// <summary>
/// The Redis commands that a gateway may be configured to pass on, with the places of their keys. What is not here cannot be allowed: commands that block (BLPOP, SUBSCRIBE, WAIT),
/// administer (CONFIG, FLUSHALL, DEBUG), run programs (EVAL, SCRIPT), change the connection that all share (SELECT, MULTI), reach keys that are no arguments (KEYS, SORT, COPY), or
/// let one short request fill Redis's memory (SETRANGE, SETBIT, SRANDMEMBER).
/// </summary>
/// <param name="FirstKey">The argument, counted from 1, that is the first key; 0: it has none.</param>
/// <param name="LastKey">Likewise the last one; -1: the last argument.</param>
/// <param name="Step">From one key to the next.</param>
/// <param name="HasShortReply">A number or a word, whatever the key holds.</param>
internal sealed record RedisCommand(string Name, int FirstKey, int LastKey, int Step, bool HasShortReply)
{
    private static readonly Dictionary<string, RedisCommand> Known = new(StringComparer.OrdinalIgnoreCase);

    static RedisCommand()
    {
        Short(0, 0, "PING ECHO TIME");

        Long(1, 1, "GET SET GETSET GETDEL GETEX GETRANGE SUBSTR");
        Short(1, 1, "SETEX PSETEX SETNX STRLEN APPEND INCR INCRBY INCRBYFLOAT DECR DECRBY");
        Short(1, 1, "TYPE TTL PTTL EXPIRETIME PEXPIRETIME EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST");
        Long(1, 1, "HGET HMGET HGETALL HKEYS HVALS HSCAN");
        Short(1, 1, "HSET HSETNX HMSET HLEN HSTRLEN HEXISTS HDEL HINCRBY HINCRBYFLOAT");
        Long(1, 1, "LPOP RPOP LRANGE LINDEX LPOS");
        Short(1, 1, "LPUSH RPUSH LPUSHX RPUSHX LLEN LSET LINSERT LREM LTRIM");
        Long(1, 1, "SMISMEMBER SMEMBERS SPOP SSCAN");
        Short(1, 1, "SADD SREM SCARD SISMEMBER");
        Long(1, 1, "ZMSCORE ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZPOPMIN ZPOPMAX ZSCAN");
        Short(1, 1, "ZADD ZREM ZCARD ZCOUNT ZSCORE ZINCRBY ZRANK ZREVRANK ZLEXCOUNT ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX");
        Long(1, 1, "XRANGE XREVRANGE GEOPOS GEOHASH GEOSEARCH");
        Short(1, 1, "XADD XLEN XDEL XTRIM GEOADD GEODIST PFADD GETBIT BITCOUNT BITPOS");

        // Its channel counts as a key.
        Short(1, 1, "PUBLISH");

        Long(1, 2, "RPOPLPUSH LMOVE");
        Short(1, 2, "RENAME RENAMENX SMOVE ZRANGESTORE GEOSEARCHSTORE");
        Long(1, -1, "MGET SINTER SUNION SDIFF");
        Short(1, -1, "DEL UNLINK EXISTS TOUCH SINTERSTORE SUNIONSTORE SDIFFSTORE PFCOUNT PFMERGE");
        Short(1, -1, "MSET MSETNX", step: 2);
    }

    /// <summary>All names, sorted.</summary>
    public static IEnumerable<string> Names => Known.Keys.Order(StringComparer.Ordinal);

    /// <summary>Null for a command that cannot be allowed. The case does not matter.</summary>
    public static RedisCommand? Find(string name) => Known.GetValueOrDefault(name);

    /// <summary>The keys among the arguments; null when there are too few arguments.</summary>
    public IReadOnlyList<string>? KeysIn(IReadOnlyList<string> arguments)
    {
        if (FirstKey == 0) return [];

        var last = LastKey < 0 ? arguments.Count + 1 + LastKey : LastKey;
        if (last < FirstKey || last > arguments.Count) return null;

        var keys = new List<string>();
        for (var i = FirstKey; i <= last; i += Step) keys.Add(arguments[i - 1]);
        return keys;
    }

    private static void Long(int firstKey, int lastKey, string names) => Add(firstKey, lastKey, 1, false, names);

    private static void Short(int firstKey, int lastKey, string names, int step = 1) => Add(firstKey, lastKey, step, true, names);

    private static void Add(int firstKey, int lastKey, int step, bool hasShortReply, string names)
    {
        foreach (var name in names.Split(' ')) Known.Add(name, new RedisCommand(name, firstKey, lastKey, step, hasShortReply));
    }
}
