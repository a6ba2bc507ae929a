using Broker.Actors.Nodes.Builtin;
using Broker.Actors.Redis;
using Broker.Actors.Tests.Redis;
using Broker.Engine;
using Broker.Testing.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Builtin;

/// <summary>Redis's script does what <see cref="CoordinatorState"/>, the model that the engine is tested with, does.</summary>
public sealed class CoordinatorTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private RedisServer _server = null!;
    private RedisBus _bus = null!;
    private RedisCoordinator _redis = null!;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _bus = await RedisBus.ConnectAsync(RedisConnectionString.Parse(_server.ConnectionString), OneRedis.Settings, NullLogger.Instance);
        _redis = new RedisCoordinator(_bus.RunScriptAsync, "prefix");
    }

    public async Task DisposeAsync()
    {
        await _bus.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Redis_and_the_model_agree_on_random_steps()
    {
        var random = new Random(5);
        var model = new CoordinatorState();
        for (var step = 0; step < 1000; step++)
        {
            var node = $"n{random.Next(5)}";
            if (random.Next(15) == 0)
            {
                model.Leave(node);
                await _redis.LeaveAsync(node);
                continue;
            }

            var order = new Exchange(
                node,
                random.Next(10) == 0 ? "other terms" : "terms",
                $"record {random.Next()}\nof two lines",
                Exchange.TypesTaken(random.Next(4) == 0 ? [] : ["t", "a b"]),
                Lease,
                random.Next(2) == 0 ? "" : $"v{step - 1}",
                $"v{step}",
                [.. Enumerable.Range(0, random.Next(4)).Select(_ => new ShardMove(Shard(random), random.Next(4) == 0 ? "" : $"n{random.Next(6)}"))],
                [.. Enumerable.Range(0, random.Next(5)).Select(_ => Shard(random))]);

            AssertSame(model.Exchange(TimeSpan.Zero, order), await _redis.ExchangeAsync(order));
        }
    }

    [Fact]
    public async Task A_lease_that_is_not_renewed_runs_out_and_its_shards_are_free()
    {
        await _redis.ExchangeAsync(Order("a", TimeSpan.FromMilliseconds(200), claims: ["t:1"]));
        var refused = await _redis.ExchangeAsync(Order("b", Lease, claims: ["t:1"]));
        Assert.Equal("a", refused.Table!["t:1"]);

        var deadline = DateTime.UtcNow.AddSeconds(10);
        while ((await _redis.ExchangeAsync(Order("b", Lease))).Living.Count > 1)
        {
            Assert.True(DateTime.UtcNow < deadline);
            await Task.Delay(20);
        }

        Assert.Equal("b", (await _redis.ExchangeAsync(Order("b", Lease, claims: ["t:1"]))).Table!["t:1"]);
        Assert.False((await _redis.ExchangeAsync(Order("a", Lease))).HadLease);
    }

    [Fact]
    public async Task Who_was_sent_away_does_not_come_back_at_once()
    {
        await _redis.ExchangeAsync(Order("a", Lease));
        await _redis.BanishAsync("a", Lease);

        Assert.Equal(ExchangeOutcome.Banished, (await _redis.ExchangeAsync(Order("a", Lease))).Outcome);
    }

    [Fact]
    public async Task Clusters_with_other_prefixes_know_nothing_of_each_other()
    {
        await _redis.ExchangeAsync(Order("a", Lease));

        var others = await new RedisCoordinator(_bus.RunScriptAsync, "").ExchangeAsync(Order("b", Lease) with { Terms = "others" });

        Assert.Equal(["b"], others.Living.Select(node => node.Id));
    }

    [Fact]
    public async Task After_redis_has_forgotten_its_scripts_everything_goes_on()
    {
        await _redis.ExchangeAsync(Order("a", Lease));
        await _server.CliAsync("SCRIPT", "FLUSH");

        Assert.True((await _redis.ExchangeAsync(Order("a", Lease))).HadLease);
    }

    // The table's version outlived the table: nodes that knew the version took the table to be what it had been.
    [Fact]
    public async Task A_table_that_redis_has_lost_has_no_version()
    {
        var version = (await _redis.ExchangeAsync(Order("a", Lease, claims: ["t:1"]))).TableVersion;
        await _server.CliAsync("DEL", "{broker:cluster:prefix}:shards");

        var told = await _redis.ExchangeAsync(Order("a", Lease) with { KnownTable = version });

        Assert.Equal("", told.TableVersion);
        Assert.Empty(told.Table!);
    }

    private static string Shard(Random random) => $"{(random.Next(2) == 0 ? "t" : "a%20b")}:{random.Next(6)}";

    private static Exchange Order(string node, TimeSpan lease, IReadOnlyList<string>? claims = null) =>
        new(node, "terms", "record", Exchange.TypesTaken(["t"]), lease, "", Guid.NewGuid().ToString(), [], claims ?? []);

    private static void AssertSame(Exchanged expected, Exchanged got)
    {
        Assert.Equal((expected.Outcome, expected.Terms, expected.HadLease, expected.TableVersion), (got.Outcome, got.Terms, got.HadLease, got.TableVersion));
        Assert.Equal(expected.Living.Select(node => (node.Id, node.Record)).Order(), got.Living.Select(node => (node.Id, node.Record)).Order());
        Assert.Equal(expected.Table?.OrderBy(shard => shard.Key, StringComparer.Ordinal), got.Table?.OrderBy(shard => shard.Key, StringComparer.Ordinal));
    }
}
