using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>Plain keys, leases and the commands of the gateway.</summary>
public abstract class KeyContract(AnyRedis redis) : BusContract(redis)
{
    private string Key => Keys.Channel + ":key";

    [Fact]
    public async Task A_key_is_set_read_and_removed()
    {
        Assert.Null(await Bus.GetAsync(Key));

        await Bus.SetAsync(Key, Bytes("value"), TimeSpan.FromMinutes(1));
        Assert.Equal(Bytes("value"), await Bus.GetAsync(Key));

        Assert.True(await Bus.RemoveAsync(Key));
        Assert.False(await Bus.RemoveAsync(Key));
        Assert.Null(await Bus.GetAsync(Key));
    }

    [Fact]
    public async Task A_key_expires()
    {
        await Bus.SetAsync(Key, Bytes("value"), TimeSpan.FromSeconds(1));
        Elapse(TimeSpan.FromSeconds(1));

        await UntilAsync(async () => await Bus.GetAsync(Key) is null);
    }

    [Fact]
    public async Task A_key_of_another_type_is_refused()
    {
        await DoAsync("RPUSH", Key, "a");

        var refused = await Assert.ThrowsAsync<RedisRefusedException>(() => Bus.GetAsync(Key));
        Assert.StartsWith("WRONGTYPE", refused.Message, StringComparison.Ordinal);
    }

    // The greater number was read by both, and who wrote last had the last word.
    [Fact]
    public async Task A_number_is_raised_by_many_at_once_and_the_greatest_and_the_longest_stay()
    {
        await using var other = await OpenAsync();
        var values = Enumerable.Range(1, 200).Select(i => 1_700_000_000_000 + (i * 7919 % 200)).ToArray();

        await Task.WhenAll(values.Select((value, i) => (i % 2 == 0 ? Bus : other).RaiseAsync(Key, value, TimeSpan.FromSeconds(1000 + (i * 31 % 200)))));

        Assert.Equal(Bytes("1700000000199"), await Bus.GetAsync(Key));
        Assert.InRange((await DoAsync("TTL", Key)).Number!.Value, 1150, 1199);
        await Bus.RaiseAsync(Key, 5, TimeSpan.FromHours(1));
        await Bus.RaiseAsync(Key, 1_800_000_000_000, TimeSpan.FromSeconds(1));
        Assert.Equal(Bytes("1800000000000"), await Bus.GetAsync(Key));
        Assert.InRange((await DoAsync("TTL", Key)).Number!.Value, 3500, 3600);
    }

    [Fact]
    public async Task A_number_that_was_raised_expires()
    {
        await Bus.RaiseAsync(Key, 1, TimeSpan.FromSeconds(1));
        Elapse(TimeSpan.FromSeconds(1));

        await UntilAsync(async () => await Bus.GetAsync(Key) is null);
    }

    [Fact]
    public async Task A_lease_belongs_to_one_holder_until_it_is_given_back()
    {
        Assert.True(await Bus.HoldLeaseAsync(Key, "node-1", TimeSpan.FromMinutes(1)));
        Assert.True(await Bus.HoldLeaseAsync(Key, "node-1", TimeSpan.FromMinutes(2)));
        Assert.False(await Bus.HoldLeaseAsync(Key, "node-2", TimeSpan.FromMinutes(1)));
        Assert.InRange((await DoAsync("TTL", Key)).Number!.Value, 110, 120);

        await Bus.ReleaseLeaseAsync(Key, "node-2");
        Assert.False(await Bus.HoldLeaseAsync(Key, "node-2", TimeSpan.FromMinutes(1)));

        await Bus.ReleaseLeaseAsync(Key, "node-1");
        Assert.True(await Bus.HoldLeaseAsync(Key, "node-2", TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task A_lease_runs_out()
    {
        await Bus.HoldLeaseAsync(Key, "node-1", TimeSpan.FromMilliseconds(500));
        Elapse(TimeSpan.FromMilliseconds(500));

        await UntilAsync(() => Bus.HoldLeaseAsync(Key, "node-2", TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task It_answers_pings()
    {
        await Bus.PingAsync();
        await UntilAsync(() => Task.FromResult(Bus.IsConnected));
    }

    [Theory]
    [InlineData("SET k v", "OK")]
    [InlineData("GET k", "nil")]
    [InlineData("SET k v; GET k", "v")]
    [InlineData("SET k v; TTL k", "-1")]
    [InlineData("TTL k", "-2")]
    [InlineData("SETEX k 60 v; SET k w; TTL k", "-1")]
    [InlineData("EXPIRE k 100", "0")]
    [InlineData("SET k v; EXISTS k", "1")]
    [InlineData("SET k v; DEL k k", "1")]
    [InlineData("INCR k; INCRBY k 41; DECR k", "41")]
    [InlineData("SET k v; INCR k", "ERR value is not an integer or out of range")]
    [InlineData("SET k 9223372036854775807; INCR k", "ERR increment or decrement would overflow")]
    [InlineData("APPEND k ab; APPEND k cd; GET k", "abcd")]
    [InlineData("SET k äöü; STRLEN k", "6")]
    [InlineData("HSET k f v g w", "2")]
    [InlineData("HSET k f v; HSET k f w; HGET k f", "w")]
    [InlineData("HSET k f v; HGET k g", "nil")]
    [InlineData("HSET k f v; HDEL k f g; EXISTS k", "0")]
    [InlineData("HSET k f v; HGETALL k", "[f v]")]
    [InlineData("HSET k f v g", "ERR wrong number of arguments for 'hset' command")]
    [InlineData("RPUSH k a b; LPUSH k c; LRANGE k 0 -1", "[c a b]")]
    [InlineData("RPUSH k a b c d; LRANGE k -3 2", "[b c]")]
    [InlineData("RPUSH k a; LRANGE k 0 -1", "[a]")] // It was given as a, not as an array of one.
    [InlineData("LRANGE k 0 -1", "[]")]
    [InlineData("RPUSH k a b; LLEN k", "2")]
    [InlineData("RPUSH k a b; GET k", "WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("SETEX k 0 v", "ERR invalid expire time in 'setex' command")]
    [InlineData("SETEX k soon v", "ERR value is not an integer or out of range")]
    [InlineData("GET", "ERR wrong number of arguments for 'get' command")]
    [InlineData("PING", "PONG")]
    [InlineData("PUBLISH k v", "0")]
    public async Task The_gateway_gets_the_answers_that_redis_gives(string commands, string answer) => Assert.Equal(answer, Show(await DoAllAsync(commands)));

    /// <summary>The whole second was asked for, and a busy machine had let half of one pass.</summary>
    [Theory]
    [InlineData("SETEX k 60 v; TTL k")]
    [InlineData("SET k v; EXPIRE k 60; TTL k")]
    [InlineData("SETEX k 60 5; INCR k; TTL k")]
    public async Task The_gateway_gets_what_is_left_of_a_minute(string commands) =>
        Assert.InRange((await DoAllAsync(commands)).Number!.Value, 50, 60);

    // The whole reply was in memory before anybody looked at its length.
    [Theory]
    [InlineData("SET k 0123456789", "GET k", 12)]
    [InlineData("RPUSH k 0123 5678", "LRANGE k 0 -1", 14)]
    [InlineData("HSET k 0123 5678", "HGETALL k", 14)]
    public async Task A_reply_that_is_too_long_is_left_out(string before, string command, int length)
    {
        await DoAllAsync(before);

        Assert.NotEqual(RedisReply.TooLong, await DoAsync(command, length));
        Assert.Equal(RedisReply.TooLong, await DoAsync(command, length - 1));
    }

    [Theory]
    [InlineData("SET k v", "OK")]
    [InlineData("GET k", "nil")]
    [InlineData("LRANGE k 0 -1", "[]")]
    [InlineData("RPUSH k a b; LRANGE k 0 -1", "[a b]")]
    [InlineData("RPUSH k a; LRANGE k 0 -1", "[a]")]
    [InlineData("RPUSH k a b; GET k", "WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("HSET k f v; HGETALL k", "[f v]")]
    [InlineData("SET k äöü; GET k", "äöü")]
    public async Task A_reply_that_is_short_enough_is_as_it_always_was(string commands, string answer)
    {
        RedisReply? reply = null;
        foreach (var command in commands.Split("; ")) reply = await DoAsync(command, 100);

        Assert.Equal(answer, Show(reply!));
    }

    [Fact]
    public async Task An_unknown_command_is_an_error()
    {
        var reply = await DoAsync("NOSUCH", "a");

        Assert.StartsWith("ERR unknown command 'NOSUCH'", reply.Error, StringComparison.Ordinal);
    }

    /// <summary>The answer to the last of them.</summary>
    private async Task<RedisReply> DoAllAsync(string commands)
    {
        RedisReply? reply = null;
        foreach (var command in commands.Split("; ")) reply = await DoAsync(command, null);

        return reply!;
    }

    private Task<RedisReply> DoAsync(string command, int? maxReply)
    {
        var words = command.Split(' ').Select(word => word == "k" ? Key : word).ToArray();
        return Bus.ExecuteAsync(words[0], words[1..], maxReply);
    }

    private static string Show(RedisReply reply) => reply switch
    {
        { Error: { } error } => error,
        { Number: { } number } => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        { Items: { } items } => $"[{string.Join(' ', items.Select(Show))}]",
        { Text: { } text } => text,
        _ => "nil",
    };
}
