using System.Globalization;
using StackExchange.Redis;

namespace Broker.Actors.Redis;

/// <summary>The hash of a channel's members.</summary>
internal static class RedisMembers
{
    private const int PerPage = 512;

    /// <summary>In one pipeline: the commands of one connection keep their order.</summary>
    public static async Task<long> WriteAsync(IDatabase redis, string key, MembersWrite order)
    {
        List<Task> done = [];
        if (order.Anew) done.Add(redis.KeyDeleteAsync(key));
        if (order.Set.Count > 0) done.Add(redis.HashSetAsync(key, [.. order.Set.Select(member => new HashEntry(member.Key, member.Value))]));
        if (order.Removed.Count > 0) done.Add(redis.HashDeleteAsync(key, [.. order.Removed.Select(client => (RedisValue)client)]));
        done.Add(redis.KeyExpireAsync(key, order.Keep));
        var length = redis.HashLengthAsync(key);
        await Task.WhenAll([.. done, length]);
        return await length;
    }

    public static Task<RedisResult> ScanAsync(IDatabase redis, string key, ulong cursor) =>
        redis.ExecuteAsync("HSCAN", [(RedisKey)key, cursor.ToString(CultureInfo.InvariantCulture), "COUNT", PerPage]);

    public static MembersScan ToScan(RedisResult result)
    {
        var reply = (RedisResult[])result!;
        var fields = (RedisValue[])reply[1]!;
        var members = new KeyValuePair<string, byte[]>[fields.Length / 2];
        for (var i = 0; i < members.Length; i++) members[i] = new((string)fields[2 * i]!, (byte[])fields[(2 * i) + 1]!);
        return new MembersScan(ulong.Parse((string)reply[0]!, CultureInfo.InvariantCulture), members);
    }
}
