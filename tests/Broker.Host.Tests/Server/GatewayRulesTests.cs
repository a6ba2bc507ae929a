using System.Text.Json;
using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Broker.Hocon;
using Broker.Host.Gateway;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Host.Tests.Server;

/// <summary>What may pass the command gateway, without a socket.</summary>
public sealed class GatewayRulesTests
{
    public static TheoryData<string> NeverAllowed =>
    [
        // They block.
        "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "XREAD", "XREADGROUP", "WAIT", "WAITAOF",
        "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC",
        // They administer.
        "CONFIG", "FLUSHALL", "FLUSHDB", "DEBUG", "SHUTDOWN", "KEYS", "SCAN", "RANDOMKEY", "ACL", "AUTH", "HELLO", "CLIENT", "CLUSTER", "COMMAND", "INFO",
        "LATENCY", "MEMORY", "MODULE", "OBJECT", "SLOWLOG", "SAVE", "BGSAVE", "BGREWRITEAOF", "LASTSAVE", "REPLICAOF", "SLAVEOF", "FAILOVER", "ROLE", "SWAPDB",
        "DBSIZE", "PUBSUB", "QUIT", "RESET", "READONLY", "READWRITE", "ASKING",
        // They run programs.
        "EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "SCRIPT", "FUNCTION", "FCALL", "FCALL_RO",
        // They change the connection that all share.
        "SELECT", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH",
        // They reach keys, databases or hosts that are no plain arguments.
        "SORT", "SORT_RO", "COPY", "MOVE", "MIGRATE", "RESTORE", "DUMP", "GEORADIUS", "GEORADIUSBYMEMBER", "ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE", "BITOP",
        // A short request, a large answer or value.
        "SETRANGE", "SETBIT", "BITFIELD", "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "LCS",
        "", "GET ", "get\n", "NONSENSE",
    ];

    [Theory]
    [MemberData(nameof(NeverAllowed))]
    public void A_command_that_blocks_administers_or_reaches_further_cannot_even_be_configured(string command)
    {
        var wrong = Assert.Throws<HoconException>(() => Read($"commands = [GET, \"{command.Replace("\n", "\\n", StringComparison.Ordinal)}\"]"));

        Assert.Contains("cannot be allowed; possible: APPEND ", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "app:1")]
    [InlineData("get", "app:1")]
    [InlineData("MGET", "app:1 app:2")]
    [InlineData("MSET", "app:1 other app:2 other")]
    [InlineData("RENAME", "app:1 app:2")]
    [InlineData("HSET", "app:1 field value")]
    [InlineData("PUBLISH", "app:news hello")]
    [InlineData("TIME", "")]
    public void What_is_listed_passes_with_keys_that_fit(string command, string arguments) =>
        Assert.Null(Settings.Refuse(command, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [Theory]
    [InlineData("DEL", "app:1", "this command is not allowed")]
    [InlineData("FLUSHALL", "", "this command is not allowed")]
    [InlineData("GET", "secret", "this key is not allowed")]
    [InlineData("GET", "APP:1", "this key is not allowed")]
    [InlineData("GET", "xapp:1", "this key is not allowed")]
    [InlineData("MGET", "app:1 secret", "this key is not allowed")]
    [InlineData("MSET", "app:1 v secret v", "this key is not allowed")]
    [InlineData("RENAME", "app:1 secret", "this key is not allowed")]
    [InlineData("RENAME", "secret app:1", "this key is not allowed")]
    [InlineData("PUBLISH", "user:john:chat hello", "this key is not allowed")]
    [InlineData("RENAME", "app:1", "too few arguments")]
    [InlineData("GET", "", "too few arguments")]
    public void Everything_else_is_refused(string command, string arguments, string refusal) =>
        Assert.Equal(refusal, Settings.Refuse(command, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [Theory]
    [InlineData("SET key1 15", "SET|key1|15")]
    [InlineData("  SET\tkey1 \n 15 ", "SET|key1|15")]
    [InlineData("SET key \"two words\"", "SET|key|two words")]
    [InlineData("SET key 'two \\n words'", "SET|key|two \\n words")]
    [InlineData("SET key 'it\\'s'", "SET|key|it's")]
    [InlineData("SET key \"\\\"\\\\\\n\\t\\x41\\q\"", "SET|key|\"\\\n\tAq")]
    [InlineData("SET key \"\\xc3\\xa9\"", "SET|key|é")]
    [InlineData("SET key \"\"", "SET|key|")]
    [InlineData("SET ключ 😀", "SET|ключ|😀")]
    [InlineData("GET a\"b\"", "GET|ab")]
    [InlineData("", "")]
    public void Commands_are_split_as_redis_cli_does(string text, string expected)
    {
        Assert.True(CommandText.TrySplit(text, out var words));
        Assert.Equal(expected, string.Join('|', words));
    }

    [Theory]
    [InlineData("SET key \"open")]
    [InlineData("SET key 'open")]
    [InlineData("SET key \"a\"b")]
    [InlineData("SET key \"a\\\"")]
    [InlineData("SET key \"\\xff\"")]
    public void Quotes_that_do_not_match_and_bytes_that_are_no_text_are_no_command(string text) => Assert.False(CommandText.TrySplit(text, out _));

    [Fact]
    public void Whatever_is_sent_is_split_or_is_not_and_never_throws() => Prop.ForAll(
        ArbMap.Default.ArbFor<string?>(), text => CommandText.TrySplit(text ?? "", out var words) == (words is not null)).QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_was_quoted_comes_out_as_it_was() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>>(),
        text =>
        {
            var plain = new string(text.Get.Where(c => !char.IsSurrogate(c)).ToArray());
            var quoted = plain.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            return CommandText.TrySplit($"SET key \"{quoted}\"", out var words) && words[2] == plain;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("WRONGTYPE Operation against a key", "WRONGTYPE Operation against a key")]
    [InlineData("ERR syntax error", "ERR syntax error")]
    [InlineData("MOVED 3999 10.1.2.3:6381", "redis refused the command")]
    [InlineData("NOPERM User john has no permissions to run the 'get' command", "redis refused the command")]
    [InlineData("ERR Wrong number of args calling Redis command from script", "ERR unknown command or wrong number of arguments")]
    public void An_error_names_no_host_user_or_script(string error, string told)
    {
        using var answer = JsonDocument.Parse(GatewayAnswer.OfReply(null, new RedisReply(Error: error), 1024));

        Assert.Equal(told, answer.RootElement.GetProperty("error").GetString());
    }

    private static GatewaySettings Settings { get; } =
        Read("commands = [GET, mget, MSET, RENAME, HSET, PUBLISH, TIME], keys = [\"app:*\"]");

    private static GatewaySettings Read(string settings) => GatewaySettings.Read(Configuration.Parse($"broker.redis-commands {{ path = /redis, {settings} }}"));
}
