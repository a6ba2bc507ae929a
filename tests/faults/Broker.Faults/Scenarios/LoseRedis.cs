using Broker.Bench.Load;
using Broker.Faults.Traffic;
using Broker.Testing.Redis;

namespace Broker.Faults.Scenarios;

/// <summary>Must-hold 6: Redis dies and comes back with what it kept; or dies, and a replica takes its place.</summary>
public static class LoseRedis
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Killed and started again after a lease. It writes down everything before it answers, so it keeps what it acknowledged.</summary>
    public static async Task<Verdict> RestartAsync(Scale scale)
    {
        await using var redis = await RedisServer.StartAsync(null, "--appendonly", "yes", "--appendfsync", "always");
        await using var run = await FaultRun.StartAsync("redis-restart", scale, redis);
        await run.IsSettledAsync();
        await run.GoOnAsync();

        redis.Kill();
        run.Tell("Redis is dead");
        await Task.Delay(TimeSpan.FromSeconds(scale.Lease + 1));
        await redis.RestartAsync();
        run.Tell("Redis is back");
        await ResumesAsync(run);
        return await run.EndAsync();
    }

    /// <summary>The replica may lack what the master acknowledged last: Redis replicates without waiting.</summary>
    public static async Task<Verdict> FailOverAsync(Scale scale)
    {
        await using var master = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync(null, "--replicaof", "127.0.0.1", master.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await using var sentinel = await RedisServer.StartSentinelAsync(master);
        var connection = $"127.0.0.1:{master.Port},127.0.0.1:{replica.Port}";
        await using var run = await FaultRun.StartAsync("redis-fail-over", scale, master, connection: connection, redisMayForget: true);
        await run.IsSettledAsync();
        await run.GoOnAsync();

        master.Kill();
        run.Tell("the master is dead");
        run.Redis = replica;
        while (!(await replica.CliAsync("ROLE")).StartsWith("master", StringComparison.Ordinal)) await Task.Delay(50);
        run.Tell("the replica is master");
        await ResumesAsync(run);
        return await run.EndAsync();
    }

    /// <summary>Afterwards the old master comes back empty, as the master that it was, and the sentinel makes it a replica within seconds.</summary>
    public static async Task<Verdict> OldMasterReturnsAsync(Scale scale)
    {
        await using var master = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync(null, "--replicaof", "127.0.0.1", master.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await using var sentinel = await RedisServer.StartSentinelAsync(master);
        var connection = $"127.0.0.1:{master.Port},127.0.0.1:{replica.Port}";
        await using var run = await FaultRun.StartAsync("redis-old-master", scale, master, connection: connection, redisMayForget: true);
        await run.IsSettledAsync();
        await run.GoOnAsync();
        master.Kill();
        run.Redis = replica;
        while (!(await replica.CliAsync("ROLE")).StartsWith("master", StringComparison.Ordinal)) await Task.Delay(50);
        await ResumesAsync(run);

        await master.RestartAsync();
        run.Tell("the old master is back");
        while (!(await master.CliAsync("ROLE")).StartsWith("slave", StringComparison.Ordinal)) await Task.Delay(50);
        run.Tell("the old master is a replica");
        await ResumesAsync(run);
        return await run.EndAsync();
    }

    /// <summary>Until a publish of every channel is acknowledged that began when Redis was there again.</summary>
    private static async Task ResumesAsync(FaultRun run)
    {
        var back = Clock.Now;
        var end = back + Clock.Of(Patience);
        int channels;
        do
        {
            await Task.Delay(50);
            channels = run.Publishers.Ended.Where(publish => publish.Began > back && publish.Outcome == Outcome.Acknowledged).Select(publish => publish.Channel).Distinct().Count();
        }
        while (channels < run.Scale.Channels && Clock.Now < end);

        if (channels < run.Scale.Channels) run.Problem($"{Patience.TotalSeconds} s after Redis had come back publishes of only {channels} channels were acknowledged");
        run.Figure($"{(Clock.Now - back) / 1e9:0.0} s from Redis's return until publishes on every channel were acknowledged");
        await run.IsSettledAsync();
        await run.GoOnAsync();
        if (run.Publishers.Ended.All(publish => publish.Outcome == Outcome.Acknowledged)) run.Problem("no publish failed while Redis was away");

        var ended = await run.Listeners.LookAsync(all => all.Count(one => one.EndedAt > 0));
        if (ended > 0) run.Problem($"{ended} websockets ended with Redis");
    }
}
