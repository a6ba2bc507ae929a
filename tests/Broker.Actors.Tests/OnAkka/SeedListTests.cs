using Broker.Actors.Nodes;
using Broker.Actors.Redis;
using Broker.Actors.Tests.Redis;
using Broker.Testing.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.OnAkka;

/// <summary>What nodes find in a real Redis.</summary>
public sealed class SeedListTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    private RedisServer _server = null!;
    private RedisBus _bus = null!;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _bus = await RedisBus.ConnectAsync(RedisConnectionString.Parse(_server.ConnectionString), OneRedis.Settings, NullLogger.Instance);
    }

    public async Task DisposeAsync()
    {
        await _bus.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Of_many_that_start_at_once_one_founds_and_the_others_wait_until_it_is_up_and_join_it()
    {
        var nodes = Enumerable.Range(0, 20).Select(i => List($"n{i}")).ToList();

        var steps = await Task.WhenAll(nodes.Select(node => node.LookAsync()));
        var founder = Array.FindIndex(steps, step => step is SeedStep.Found);
        Assert.Equal(19, steps.Count(step => step is SeedStep.Wait));
        var founding = ((SeedStep.Found)steps[founder]).Founding;
        Assert.Equal(steps[founder], await nodes[founder].LookAsync());

        Assert.True(await nodes[founder].ListAsync(founding));
        steps = await Task.WhenAll(nodes.Where((_, i) => i != founder).Select(node => node.LookAsync()));
        Assert.All(steps, step => Assert.Equal(new SeedStep.Join(founding, [$"at n{founder}"]), step));
    }

    [Fact]
    public async Task A_founder_that_dies_before_it_is_up_is_replaced()
    {
        Assert.IsType<SeedStep.Found>(await List("dies", Short).LookAsync());

        await UntilAsync(async () => await List("next").LookAsync() is SeedStep.Found);
    }

    [Fact]
    public async Task Who_is_not_renewed_is_nobody_to_join()
    {
        await FoundAsync(List("dies", Short));

        await UntilAsync(async () => await List("next").LookAsync() is SeedStep.Found);
    }

    [Fact]
    public async Task Who_leaves_is_nobody_to_join()
    {
        var leaves = List("leaves");
        await FoundAsync(leaves);

        await leaves.LeaveAsync();

        Assert.IsType<SeedStep.Found>(await List("next").LookAsync());
    }

    [Fact]
    public async Task A_node_that_restarts_where_it_was_does_not_join_its_former_life()
    {
        await FoundAsync(List("first life", at: "here"));

        Assert.IsType<SeedStep.Found>(await List("second life", at: "here").LookAsync());
    }

    [Fact]
    public async Task A_node_of_other_terms_is_refused()
    {
        await FoundAsync(List("one"));

        Assert.Equal(new SeedStep.Refused("terms"), await List("two", terms: "other").LookAsync());
    }

    [Fact]
    public async Task Clusters_of_different_names_do_not_see_each_other()
    {
        await FoundAsync(List("one"));

        Assert.IsType<SeedStep.Found>(await new SeedList(_bus.RunScriptAsync, "other", "two", "at two", "terms", Long).LookAsync());
    }

    // A founder is cut off from Redis before it is listed; the right to found runs out, another founds.
    [Fact]
    public async Task A_founder_that_comes_second_must_end()
    {
        var cutOff = List("cut off", Short);
        var lost = (SeedStep.Found)await cutOff.LookAsync();
        var other = List("other");
        await UntilAsync(async () => await other.LookAsync() is SeedStep.Found);
        var founding = ((SeedStep.Found)await other.LookAsync()).Founding;
        Assert.True(await other.ListAsync(founding));

        Assert.False(await cutOff.ListAsync(lost.Founding));
        Assert.True(await other.ListAsync(founding));
    }

    // All entries are lost; a node that starts before the others have renewed theirs founds a cluster of its own.
    [Fact]
    public async Task The_members_of_the_older_cluster_stay_and_those_of_the_younger_one_end()
    {
        var (first, second) = (List("first"), List("second"));
        var founding = await FoundAsync(first);
        Assert.True(await second.ListAsync(founding));
        await _server.CliAsync("FLUSHALL");
        var late = List("late");
        var younger = await FoundAsync(late);

        Assert.True(await first.ListAsync(founding));
        Assert.True(await second.ListAsync(founding));
        Assert.False(await late.ListAsync(younger));
    }

    private static async Task<long> FoundAsync(SeedList node)
    {
        var founding = ((SeedStep.Found)await node.LookAsync()).Founding;
        Assert.True(await node.ListAsync(founding));
        return founding;
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var deadline = DateTime.UtcNow.AddSeconds(20);
        while (!await isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, "Not in time");
            await Task.Delay(20);
        }
    }

    private SeedList List(string node, TimeSpan? life = null, string? at = null, string terms = "terms") =>
        new(_bus.RunScriptAsync, "broker", node, at ?? $"at {node}", terms, life ?? Long);
}
