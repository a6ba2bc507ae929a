using Broker.Actors.Channels;
using Broker.Actors.Redis.Subscriptions;
using Broker.Actors.Settings;
using Broker.Hocon;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Broker.Actors.Redis;

/// <summary><c>broker.redis</c>, read once.</summary>
/// <param name="Timeout">After so long a command has failed.</param>
/// <param name="Subscriptions">Of the subscription connection.</param>
internal sealed record RedisBusSettings(TimeSpan Timeout, SubscriptionSettings Subscriptions)
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    /// <param name="redis">The section.</param>
    /// <param name="maxMessage">Bytes: what is published here must come back.</param>
    public static RedisBusSettings Read(HoconObject redis, int maxMessage) => new(
        redis.Get("timeout").DurationAtLeast(Least),
        new SubscriptionSettings(
            redis.Get("max-reply").SizeAtLeast(maxMessage),
            redis.Get("silent-after").DurationAtLeast(Least),
            redis.Get("connect-timeout").DurationAtLeast(Least),
            redis.Get("reconnect-within").DurationAtLeast(Least)));
}

/// <summary>
/// Redis itself: StackExchange.Redis for commands and scripts, a <see cref="SubscriptionReader"/> for what is published.
/// </summary>
internal sealed class RedisBus : IRedisBus
{
    /// <summary>It then makes no second connection.</summary>
    private static readonly CommandMap WithoutSubscriptions = CommandMap.Create(["SUBSCRIBE"], available: false);

    private static readonly TimeSpan FenceRetry = TimeSpan.FromMilliseconds(500);

    private readonly ConnectionMultiplexer _multiplexer;
    private readonly IDatabase _database;
    private readonly IDatabase _meetingPlace;
    private readonly SubscriptionReader _reader;
    private readonly TimeSpan _timeout;
    private readonly ILogger _log;
    private readonly string _fenceChannel = "broker:fences:" + Guid.NewGuid().ToString("N");
    private volatile bool _isCluster;
    private int _fencesAreRefused;

    private RedisBus(ConnectionMultiplexer multiplexer, SubscriptionReader reader, RedisBusSettings settings, ILogger log)
    {
        (_multiplexer, _reader, _timeout, _log) = (multiplexer, reader, settings.Timeout, log);
        _database = multiplexer.GetDatabase();
        _meetingPlace = multiplexer.GetDatabase(0);
        // Its failures would name keys, and a session channel's key is a credential.
        multiplexer.IncludeDetailInExceptions = false;
        multiplexer.ConnectionRestored += (_, _) => LookForCluster();
        multiplexer.ConfigurationChanged += (_, _) => LookForCluster();
        LookForCluster();
    }

    public bool IsConnected => _reader.IsUp && _multiplexer.IsConnected;

    public bool IsCluster => _isCluster;

    /// <summary>Why it is not connected, as far as known; names no host.</summary>
    public string? Trouble => _reader.Trouble;

    public SubscriptionCounters Counters => _reader.Counters;

    /// <summary>Comes back within the connect timeout, connected or not: an absent Redis is looked for until it is there.</summary>
    public static async Task<RedisBus> ConnectAsync(RedisConnectionString connection, RedisBusSettings settings, ILogger log)
    {
        var options = connection.ToOptions();
        options.AbortOnConnectFail = false;
        options.ClientName = "broker-commands";
        options.SyncTimeout = options.ResponseTimeout = (int)settings.Timeout.TotalMilliseconds;
        options.ConnectTimeout = (int)settings.Subscriptions.ConnectTimeout.TotalMilliseconds;
        options.KeepAlive = Math.Max(1, (int)settings.Subscriptions.Silence.TotalSeconds);
        options.ReconnectRetryPolicy = new LinearRetry(100);
        if (options.CommandMap == CommandMap.Default) options.CommandMap = WithoutSubscriptions;

        var patience = Task.Delay(settings.Subscriptions.ConnectTimeout);
        var reader = new SubscriptionReader(connection, settings.Subscriptions, log);
        try
        {
            var multiplexer = await ConnectionMultiplexer.ConnectAsync(options);

            // Both connections: a publish that comes before the second one is up would be refused as if Redis were away.
            await Task.WhenAny(reader.Tried, patience);
            return new RedisBus(multiplexer, reader, settings, log);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public Task PingAsync() => Ask(redis => redis.PingAsync());

    public void Subscribe(string channel, string? markChannel, IArrivals arrivals) => _reader.Subscribe(channel, markChannel, arrivals);

    public void Unsubscribe(string channel, IArrivals arrivals) => _reader.Unsubscribe(channel, arrivals);

    public void Fence(string channel, long ticket)
    {
        if (_isCluster) _ = PublishFenceAsync(channel, _reader.AddFence(channel, ticket));
        else _reader.Fence(channel, ticket);
    }

    public Task PublishAsync(RedisKeys keys, IReadOnlyList<OutgoingPublication> publications)
    {
        // On a cluster a plain PUBLISH goes to any node and would pass, or be passed by, what the script publishes on the channel's own.
        if (!_isCluster && publications is [{ Expire: <= 0 } only])
            return Ask(redis => redis.PublishAsync(new RedisChannel(keys.Channel, RedisChannel.PatternMode.Literal), only.Payload));

        var last = LastPersisted.Of(publications);
        var arguments = new List<RedisValue>(4 + publications.Count) { last.Index, last.Expire, last.IdValue ?? [], last.IdExpire };
        foreach (var publication in publications) arguments.Add(publication.Payload);

        // The text, not its hash: a resend after NOSCRIPT would let a later publish pass this one.
        return Ask(redis => redis.ScriptEvaluateAsync(RedisScripts.Publish, LastKeys(keys), [.. arguments], CommandFlags.NoScriptCache));
    }

    public async Task<LastValue> ReadLastAsync(RedisKeys keys)
    {
        var values = await Ask(redis => redis.StringGetAsync(LastKeys(keys)));
        if (values[0].IsNull) return default;

        var payload = (byte[])values[0]!;
        var id = values.Length > 1 && !values[1].IsNull ? LastId.Match((byte[])values[1]!, payload) : null;
        return new LastValue(payload, id);
    }

    public Task<bool> RemoveLastAsync(RedisKeys keys) => Ask(redis =>
    {
        _ = redis.KeyDeleteAsync(keys.LastId, CommandFlags.FireAndForget);
        return redis.KeyDeleteAsync(keys.Channel);
    });

    public async Task<StreamPosition?> ReadPositionAsync(RedisKeys keys)
    {
        var meta = await Ask(redis => redis.HashGetAsync(keys.Meta, ["epoch", "offset"]));
        return meta[0].IsNull ? null : new StreamPosition(meta[0]!, (long)meta[1]);
    }

    public async Task<TakenOver> TakeOverAsync(RedisKeys keys, TakeOver order) =>
        RedisHistory.ToTakenOver(await Run(RedisScripts.TakeOver, [keys.Meta, keys.History, keys.Channel], RedisHistory.ForTakeOver(keys, order)));

    public async Task<Appended> AppendAsync(RedisKeys keys, Append order) =>
        RedisHistory.ToAppended(await Run(RedisScripts.Append, [keys.Meta, keys.History, keys.Channel, keys.LastId], RedisHistory.ForAppend(keys, order)));

    public async Task<HistoryPage> ReadHistoryAsync(RedisKeys keys, long after, int maxCount, int maxBytes) =>
        RedisHistory.ToPage(await Run(RedisScripts.ReadHistory, [keys.Meta, keys.History], RedisHistory.ForPage(after, maxCount, maxBytes)));

    public Task<long> WriteMembersAsync(RedisKeys keys, MembersWrite order) => Ask(redis => RedisMembers.WriteAsync(redis, keys.Members, order));

    public async Task<MembersScan> ReadMembersAsync(RedisKeys keys, ulong cursor) => RedisMembers.ToScan(await Ask(redis => RedisMembers.ScanAsync(redis, keys.Members, cursor)));

    public async Task<HistoryPage> ReadHistoryBackAsync(RedisKeys keys, long before, int maxCount, int maxBytes) =>
        RedisHistory.ToPage(await Run(RedisScripts.ReadHistory, [keys.Meta, keys.History], RedisHistory.ForPageBack(before, maxCount, maxBytes)));

    public async Task<byte[]?> GetAsync(string key) => await Ask(redis => redis.StringGetAsync(key));

    public Task SetAsync(string key, byte[] value, TimeSpan expires) => Ask(redis => redis.StringSetAsync(key, value, expires));

    public Task RaiseAsync(string key, long value, TimeSpan expires) => Run(RedisScripts.Raise, [key], [value, (long)expires.TotalMilliseconds]);

    public Task<bool> RemoveAsync(string key) => Ask(redis => redis.KeyDeleteAsync(key));

    public async Task<bool> HoldLeaseAsync(string key, string holder, TimeSpan duration) =>
        (bool)await Run(RedisScripts.HoldLease, [key], [holder, (long)duration.TotalMilliseconds]);

    public Task ReleaseLeaseAsync(string key, string holder) => Run(RedisScripts.ReleaseLease, [key], [holder]);

    public async Task<RedisReply> ExecuteAsync(string command, IReadOnlyList<string> arguments, int? maxReply = null)
    {
        try
        {
            return maxReply is { } bound ? await ExecuteBoundedAsync(command, arguments, bound) : await ExecuteShortAsync(command, arguments);
        }
        catch (RedisRefusedException refused)
        {
            return new RedisReply(Error: refused.Message);
        }
    }

    /// <summary>The client library would read a reply of any length into memory before we see it: so a script looks at it in Redis.</summary>
    private async Task<RedisReply> ExecuteBoundedAsync(string command, IReadOnlyList<string> arguments, int maxReply)
    {
        var reply = RedisReplies.Of(await Run(RedisScripts.Execute, [.. arguments.Take(1).Select(key => (RedisKey)key)], [maxReply, command, .. arguments.Select(argument => (RedisValue)argument)]));
        return reply.Items is { } items ? items.Count > 0 ? items[0] : RedisReply.TooLong : reply;
    }

    private async Task<RedisReply> ExecuteShortAsync(string command, IReadOnlyList<string> arguments)
    {
        // As a key the first argument also finds its node on a cluster.
        var typed = arguments.Select((argument, i) => i == 0 ? (object)(RedisKey)argument : (RedisValue)argument).ToArray();
        return RedisReplies.Of(await Ask(redis => redis.ExecuteAsync(command, typed)));
    }

    /// <summary>A command as it is, for streams. A key among the arguments finds its node on a cluster.</summary>
    public Task<RedisResult> ExecuteRawAsync(string command, params object[] arguments) => Ask(redis => redis.ExecuteAsync(command, arguments));

    /// <summary>Runs a script in database 0, whichever the broker's own is: there the nodes of a cluster meet.</summary>
    public Task<RedisResult> RunScriptAsync(string script, RedisKey[] keys, RedisValue[] arguments) => Run(script, keys, arguments, _meetingPlace);

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        try
        {
            await _multiplexer.CloseAsync().WaitAsync(_timeout);
        }
        catch (TimeoutException)
        {
            // Redis is gone; so are we.
        }

        _multiplexer.Dispose();
    }

    private void LookForCluster()
    {
        if (_isCluster || !_multiplexer.GetEndPoints().Any(endPoint => _multiplexer.GetServer(endPoint).ServerType == ServerType.Cluster)) return;

        _reader.SubscribeFences(_fenceChannel, (channel, fence) => _ = PublishFenceAsync(channel, fence));
        _isCluster = true;
    }

    /// <summary>
    /// A PONG says nothing of what other nodes of a cluster published. So the channel's own node, which runs our scripts for it, publishes a message that
    /// reaches us behind all that it published before; again, until it has arrived.
    /// </summary>
    private async Task PublishFenceAsync(string channel, long fence)
    {
        while (fence != 0 && _reader.AwaitsFence(fence))
        {
            try
            {
                await Ask(redis => redis.ScriptEvaluateAsync(RedisScripts.Fence, [channel], [_fenceChannel, fence], CommandFlags.NoScriptCache));
            }
            catch (RedisUnavailableException)
            {
                // The node is gone or another takes over its slots: again below, for as long as we are subscribed.
            }
            catch (RedisRefusedException refused)
            {
                // It may be allowed again. Until then no channel whose order depends on it is ready.
                if (Interlocked.Exchange(ref _fencesAreRefused, 1) == 0) _log.LogWarning("Redis Cluster refuses the script that channels wait for: {Reason}", refused.Message);
            }

            await Task.Delay(FenceRetry);
        }
    }

    /// <summary>On a cluster the publish id is left out where it would lie in another slot.</summary>
    private RedisKey[] LastKeys(RedisKeys keys) => keys.ShareOneSlot || !IsCluster ? [keys.Channel, keys.LastId] : [keys.Channel];

    private Task<RedisResult> Run(string script, RedisKey[] keys, RedisValue[] arguments) => Run(script, keys, arguments, _database);

    private async Task<RedisResult> Run(string script, RedisKey[] keys, RedisValue[] arguments, IDatabase database)
    {
        try
        {
            return await Ask(redis => redis.ScriptEvaluateAsync(script, keys, arguments), database);
        }
        catch (RedisRefusedException lost) when (lost.InnerException is RedisServerException problem && RedisErrors.IsNoScript(problem))
        {
            return await Ask(redis => redis.ScriptEvaluateAsync(script, keys, arguments, CommandFlags.NoScriptCache), database);
        }
    }

    /// <summary>The command is sent before this returns: calls of one thread reach Redis in their order.</summary>
    private Task<T> Ask<T>(Func<IDatabase, Task<T>> command) => Ask(command, _database);

    private async Task<T> Ask<T>(Func<IDatabase, Task<T>> command, IDatabase database)
    {
        try
        {
            return await command(database).WaitAsync(_timeout);
        }
        catch (Exception problem)
        {
            throw RedisErrors.Translate(problem, Trouble);
        }
    }
}
