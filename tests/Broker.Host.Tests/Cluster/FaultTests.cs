using Broker.Faults;
using Broker.Faults.Scenarios;
using Broker.Host.Tests.MustHold;

namespace Broker.Host.Tests.Cluster;

/// <summary>
/// What the cluster promises, with real processes, under traffic on every node. At the size that the promises are made for they take minutes: tests/faults/run.sh, and its results.
/// </summary>
[Collection(Alone.Name)]
public sealed class FaultTests
{
    [Fact]
    public Task Each_channel_is_subscribed_once_and_every_client_of_every_node_gets_everything_once_and_in_order() => HoldsAsync(Steady.RunAsync);

    [Fact]
    public Task What_was_acknowledged_survives_the_death_of_the_owner() => HoldsAsync(KillOwner.RunAsync);

    [Fact]
    public Task An_owner_that_stood_still_does_nothing_more_as_the_owner() => HoldsAsync(PauseOwner.RunAsync);

    [Fact]
    public Task Replacing_all_nodes_loses_nothing_and_closes_clients_in_the_configured_pace() => HoldsAsync(RollingRestart.RunAsync);

    [Fact]
    public Task One_node_becomes_three_and_one_again() => HoldsAsync(GrowAndShrink.RunAsync);

    [Fact]
    public Task A_Redis_that_died_and_came_back_costs_no_client_and_nothing_that_it_kept() => HoldsAsync(LoseRedis.RestartAsync);

    [Fact]
    public Task A_replica_that_takes_over_costs_no_client() => HoldsAsync(LoseRedis.FailOverAsync);

    [Fact]
    public Task Nodes_that_lose_each_other_do_not_both_own_a_channel_and_catch_up() => HoldsAsync(CutLink.RunAsync);

    [Fact]
    public Task Strangers_at_the_link_port_are_cut_off() => HoldsAsync(Stranger.RunAsync);

    [Fact]
    public Task Links_carry_a_publication_once_for_each_node_however_many_clients_are_there() => HoldsAsync(LinkCost.RunAsync);

    [Fact]
    public Task Members_of_a_killed_node_leave_once_whoever_owned_their_channels() => HoldsAsync(KillMembers.RunAsync);

    [Fact]
    public Task Rich_clients_that_lose_their_node_go_on_at_others_with_every_publication_once_and_in_order() => HoldsAsync(ComeBack.RunAsync);

    [Fact]
    public Task Rich_clients_that_lose_their_node_and_then_Redis_lose_nothing_that_it_kept() => HoldsAsync(ComeBack.WithoutRedisAsync);

    private static async Task HoldsAsync(Func<Scale, Task<Verdict>> scenario)
    {
        var verdict = await scenario(Scale.Small);
        Assert.True(verdict.Problems.Count == 0, verdict.ToString());
    }
}
