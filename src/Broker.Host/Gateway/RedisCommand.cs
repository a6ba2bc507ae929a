namespace Broker.Host.Gateway;

/// <summary>
/// The Redis commands that a gateway may be configured to pass on, with the places of their keys. What is not here cannot be allowed: commands that block (BLPOP, SUBSCRIBE, WAIT),
/// administer (CONFIG, FLUSHALL, DEBUG), run programs (EVAL, SCRIPT), change the connection that all share (SELECT, MULTI), reach keys that are no arguments (KEYS, SORT, COPY), or
/// let one short request fill Redis's memory (SETRANGE, SETBIT, SRANDMEMBER).
/// </summary>
/// <param name="FirstKey">The argument, counted from 1, that is the first key; 0: it has none.</param>
/// <param name="LastKey">Likewise the last one; -1: the last argument.</param>
/// <param name="Step">From one key to the next.</param>
internal sealed record RedisCommand(string Name, int FirstKey, int LastKey, int Step)
{
    private static readonly Dictionary<string, RedisCommand> Known = new(StringComparer.OrdinalIgnoreCase);

    static RedisCommand()
    {
        Add(0, 0, "PING ECHO TIME");

        Add(1, 1, "GET SET SETEX PSETEX SETNX GETSET GETDEL GETEX GETRANGE SUBSTR STRLEN APPEND INCR INCRBY INCRBYFLOAT DECR DECRBY");
        Add(1, 1, "TYPE TTL PTTL EXPIRETIME PEXPIRETIME EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST");
        Add(1, 1, "HGET HSET HSETNX HMGET HMSET HGETALL HKEYS HVALS HLEN HSTRLEN HEXISTS HDEL HINCRBY HINCRBYFLOAT HSCAN");
        Add(1, 1, "LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP LLEN LRANGE LINDEX LPOS LSET LINSERT LREM LTRIM");
        Add(1, 1, "SADD SREM SCARD SISMEMBER SMISMEMBER SMEMBERS SPOP SSCAN");
        Add(1, 1, "ZADD ZREM ZCARD ZCOUNT ZSCORE ZMSCORE ZINCRBY ZRANK ZREVRANK ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX");
        Add(1, 1, "ZLEXCOUNT ZPOPMIN ZPOPMAX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX ZSCAN");
        Add(1, 1, "XADD XLEN XRANGE XREVRANGE XDEL XTRIM GEOADD GEOPOS GEODIST GEOHASH GEOSEARCH PFADD GETBIT BITCOUNT BITPOS");

        // Its channel counts as a key.
        Add(1, 1, "PUBLISH");

        Add(1, 2, "RENAME RENAMENX RPOPLPUSH LMOVE SMOVE ZRANGESTORE GEOSEARCHSTORE");
        Add(1, -1, "DEL UNLINK EXISTS TOUCH MGET SINTER SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE PFCOUNT PFMERGE");
        Add(1, -1, "MSET MSETNX", step: 2);
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

    private static void Add(int firstKey, int lastKey, string names, int step = 1)
    {
        foreach (var name in names.Split(' ')) Known.Add(name, new RedisCommand(name, firstKey, lastKey, step));
    }
}
