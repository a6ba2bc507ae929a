using System.Globalization;
using System.Text;

namespace Broker.Actors.Redis.InMemory;

/// <summary>The Redis commands that work without a Redis: what the command gateway offers in an embedded broker. Call under the store's lock.</summary>
internal sealed class InMemoryCommands
{
    private static readonly RedisReply Ok = new("OK");
    private static readonly RedisReply Nil = new();
    private static readonly RedisReply NotAnInteger = new(Error: "ERR value is not an integer or out of range");

    private readonly InMemoryStore _store;
    private readonly Dictionary<string, Command> _commands;
    private long _left;

    public InMemoryCommands(InMemoryStore store)
    {
        _store = store;
        _commands = new Dictionary<string, Command>(StringComparer.OrdinalIgnoreCase)
        {
            ["PING"] = new(0, 1, a => new(a.Count > 0 ? a[0] : "PONG")),
            ["GET"] = new(1, 1, a => Bulk(Keys.Find<byte[]>(a[0]))),
            ["SET"] = new(2, 2, a => Set(a[0], a[1])),
            ["SETEX"] = new(3, 3, a => SetEx(a[0], a[1], a[2])),
            ["DEL"] = new(1, int.MaxValue, a => Integer(a.Count(Keys.Remove))),
            ["EXISTS"] = new(1, int.MaxValue, a => Integer(a.Count(key => Keys.Find(key) is not null))),
            ["EXPIRE"] = new(2, 2, a => Expire(a[0], a[1])),
            ["TTL"] = new(1, 1, a => TimeToLive(a[0])),
            ["INCR"] = new(1, 1, a => Increment(a[0], "1", 1)),
            ["DECR"] = new(1, 1, a => Increment(a[0], "1", -1)),
            ["INCRBY"] = new(2, 2, a => Increment(a[0], a[1], 1)),
            ["APPEND"] = new(2, 2, a => Append(a[0], a[1])),
            ["STRLEN"] = new(1, 1, a => Integer(Keys.Find<byte[]>(a[0])?.Length ?? 0)),
            ["HSET"] = new(3, int.MaxValue, HashSet),
            ["HGET"] = new(2, 2, a => Bulk(Keys.Find<Dictionary<string, byte[]>>(a[0])?.GetValueOrDefault(a[1]))),
            ["HDEL"] = new(2, int.MaxValue, HashDelete),
            ["HGETALL"] = new(1, 1, a => HashGetAll(a[0])),
            ["LPUSH"] = new(2, int.MaxValue, a => Push(a, front: true)),
            ["RPUSH"] = new(2, int.MaxValue, a => Push(a, front: false)),
            ["LRANGE"] = new(3, 3, a => Range(a[0], a[1], a[2])),
            ["LLEN"] = new(1, 1, a => Integer(Keys.Find<List<byte[]>>(a[0])?.Count ?? 0)),
            ["PUBLISH"] = new(2, 2, a => Integer(_store.Publish(a[0], Bytes(a[1])))),
        };
    }

    private Keyspace Keys => _store.Keys;

    public RedisReply Execute(string command, IReadOnlyList<string> arguments, int maxReply)
    {
        _left = maxReply;
        if (!_commands.TryGetValue(command, out var known)) return new(Error: $"ERR unknown command '{command}'");
        if (arguments.Count < known.Least || arguments.Count > known.Most)
            return new(Error: $"ERR wrong number of arguments for '{command.ToLowerInvariant()}' command");

        try
        {
            return known.Run(arguments);
        }
        catch (WrongTypeException wrong)
        {
            return new(Error: wrong.Message);
        }
        catch (ReplyTooLongException)
        {
            return RedisReply.TooLong;
        }
    }

    private RedisReply Set(string key, string value)
    {
        Keys.Set(key, Bytes(value));
        return Ok;
    }

    private RedisReply SetEx(string key, string seconds, string value)
    {
        if (!TryParse(seconds, out var expires)) return NotAnInteger;
        if (expires is <= 0 or > int.MaxValue) return new(Error: "ERR invalid expire time in 'setex' command");

        Keys.Set(key, Bytes(value), TimeSpan.FromSeconds(expires));
        return Ok;
    }

    private RedisReply Expire(string key, string seconds)
    {
        if (!TryParse(seconds, out var expires)) return NotAnInteger;
        return Integer(Keys.Expire(key, TimeSpan.FromSeconds(Math.Clamp(expires, 0, int.MaxValue))) ? 1 : 0);
    }

    private RedisReply TimeToLive(string key)
    {
        if (!Keys.TryGetExpiry(key, out var left)) return Integer(-2);
        return Integer(left is { } time ? (long)Math.Round(time.TotalSeconds) : -1);
    }

    private RedisReply Increment(string key, string by, int sign)
    {
        if (!TryParse(by, out var step)) return NotAnInteger;
        if (!TryParse(Text(Keys.Find<byte[]>(key)) ?? "0", out var value)) return NotAnInteger;

        try
        {
            value = checked(value + step * sign);
        }
        catch (OverflowException)
        {
            return new(Error: "ERR increment or decrement would overflow");
        }

        Keys.Update(key, Bytes(value.ToString(CultureInfo.InvariantCulture)));
        return Integer(value);
    }

    private RedisReply Append(string key, string value)
    {
        byte[] joined = [.. Keys.Find<byte[]>(key) ?? [], .. Bytes(value)];
        Keys.Update(key, joined);
        return Integer(joined.Length);
    }

    private RedisReply HashSet(IReadOnlyList<string> arguments)
    {
        if (arguments.Count % 2 == 0) return new(Error: "ERR wrong number of arguments for 'hset' command");

        var hash = Keys.FindOrAdd<Dictionary<string, byte[]>>(arguments[0]);
        var before = hash.Count;
        for (var i = 1; i < arguments.Count; i += 2) hash[arguments[i]] = Bytes(arguments[i + 1]);
        return Integer(hash.Count - before);
    }

    private RedisReply HashDelete(IReadOnlyList<string> arguments)
    {
        var hash = Keys.Find<Dictionary<string, byte[]>>(arguments[0]);
        if (hash is null) return Integer(0);

        var removed = arguments.Skip(1).Count(hash.Remove);
        if (hash.Count == 0) Keys.Remove(arguments[0]);
        return Integer(removed);
    }

    private RedisReply HashGetAll(string key)
    {
        var items = new List<RedisReply>();
        foreach (var (field, value) in Keys.Find<Dictionary<string, byte[]>>(key) ?? [])
        {
            items.Add(Item(Bytes(field)));
            items.Add(Item(value));
        }

        return new(Items: items);
    }

    private RedisReply Push(IReadOnlyList<string> arguments, bool front)
    {
        var list = Keys.FindOrAdd<List<byte[]>>(arguments[0]);
        foreach (var value in arguments.Skip(1)) list.Insert(front ? 0 : list.Count, Bytes(value));
        return Integer(list.Count);
    }

    private RedisReply Range(string key, string from, string to)
    {
        if (!TryParse(from, out var start) || !TryParse(to, out var stop)) return NotAnInteger;

        var list = Keys.Find<List<byte[]>>(key) ?? [];
        start = Math.Max(0, start < 0 ? start + list.Count : start);
        stop = Math.Min(list.Count - 1, stop < 0 ? stop + list.Count : stop);
        return new(Items: start > stop ? [] : list.GetRange((int)start, (int)(stop - start + 1)).ConvertAll(Item));
    }

    private static bool TryParse(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);

    private RedisReply Bulk(byte[]? value)
    {
        if (value is null) return Nil;

        Count(value.Length + 2);
        return new(Text(value));
    }

    private RedisReply Item(byte[] value)
    {
        Count(1);
        return Bulk(value);
    }

    /// <summary>As JSON has it, with quotes and commas.</summary>
    private void Count(int length)
    {
        if ((_left -= length) < 0) throw new ReplyTooLongException();
    }

    private static RedisReply Integer(long number) => new(Number: number);

    private sealed class ReplyTooLongException : Exception;

    private sealed record Command(int Least, int Most, Func<IReadOnlyList<string>, RedisReply> Run);
}
