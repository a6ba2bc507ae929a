using System.Text;
using Broker.Actors.Nodes;
using Broker.Actors.Publishing;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Redis;
using Broker.Testing.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Nodes;

public sealed class HistoryLeaseTests
{
    private const string Lease = "broker:history-owner";

    private static readonly TimeSpan LongerThanTheLease = TimeSpan.FromSeconds(6);

    /// <summary>One refusal ended the renewing for good, silently, and later made the node's stop fail.</summary>
    [Fact]
    public async Task A_lease_that_Redis_refuses_for_a_while_is_held_again_afterwards()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        await TestNode.UntilAsync(
            () =>
            {
                _ = test.Bus.ExecuteAsync("DEL", [Lease]);
                _ = test.Bus.ExecuteAsync("LPUSH", [Lease, "something else"]);
                return test.Bus.RefusedLeases > 0;
            },
            "a refusal");

        await test.Bus.ExecuteAsync("DEL", [Lease]);

        await TestNode.UntilAsync(() => test.Bus.ExecuteAsync("EXISTS", [Lease]).Result.Number == 1, "the lease");
    }

    /// <summary>A node that started while Redis did not answer took the lease for its own, and took every channel from the node that had it, again and again.</summary>
    [Fact]
    public async Task A_node_that_could_not_ask_for_the_lease_writes_no_history_until_it_has_it()
    {
        var store = new InMemoryStore();
        var (first, _) = await StartAsync(store, canAsk: true);
        await first.Publisher("news").PublishAsync("one");
        var logs = new Logs();
        var (second, bus) = await StartAsync(store, canAsk: false, logs);

        await RefusesAsync(second);
        bus.CannotAskForLeases = false;
        await TestNode.UntilAsync(() => logs.Lines.Count > 0, "it knows why");
        await RefusesAsync(second);
        await first.Publisher("news").PublishAsync("two");
        await first.StopAsync();

        await TestNode.UntilAsync(() => PublishesAsync(second, "three").Result, "the second node has the lease");
        var stored = await bus.ReadHistoryAsync(new RedisKeys("broadcast:news"), 0, 100, 1000);
        Assert.Equal(["one", "two", "three"], stored.Publications.Select(entry => Encoding.UTF8.GetString(entry.Payload)));
        Assert.Contains("Another node with history", Assert.Single(logs.Lines), StringComparison.Ordinal);
        await second.StopAsync();
    }

    [Fact]
    public async Task A_lease_that_cannot_be_renewed_ends_and_comes_back_with_Redis()
    {
        var time = new ManualTime();
        var bus = new InMemoryBus(new InMemoryStore(time));
        await using var lease = await TakeAsync(bus, time);
        Assert.True(lease.IsHeld);

        bus.Disconnect();
        time.Elapse(LongerThanTheLease);
        Assert.False(lease.IsHeld);

        bus.Reconnect();
        await TestNode.UntilAsync(() => lease.IsHeld, "the lease");
    }

    [Fact]
    public async Task Whoever_sets_the_clock_neither_ends_nor_prolongs_a_lease()
    {
        // An hour forward ended it; an hour back let the node believe in it for an hour after it had run out.
        var time = new ManualTime();
        var bus = new InMemoryBus(new InMemoryStore());
        await using var lease = await TakeAsync(bus, time);
        bus.Disconnect();

        time.Set(TimeSpan.FromHours(1));
        Assert.True(lease.IsHeld);
        time.Set(TimeSpan.FromHours(-2));
        time.Elapse(LongerThanTheLease);
        Assert.False(lease.IsHeld);

        bus.Reconnect();
    }

    [Fact]
    public async Task A_lease_that_somebody_else_took_meanwhile_is_his_until_he_gives_it_back()
    {
        var time = new ManualTime();
        var store = new InMemoryStore(time);
        var (bus, others) = (new InMemoryBus(store), new InMemoryBus(store));
        await using var lease = await TakeAsync(bus, time);

        bus.Disconnect();
        time.Elapse(LongerThanTheLease);
        var other = await TakeAsync(others, time);
        bus.Reconnect();
        Assert.True(other.IsHeld);
        Assert.False(lease.IsHeld);

        await other.DisposeAsync();
        await TestNode.UntilAsync(() => lease.IsHeld, "the lease");
    }

    private static async Task<HistoryLease> TakeAsync(InMemoryBus bus, ManualTime time) =>
        (await HistoryLease.TakeAsync(bus, BrokerSettings.Read(Configuration.Parse($"broker {{ {TestNode.History} }}")), NullLogger.Instance, time))!;

    private static async Task<(BrokerNode Node, FaultyBus Bus)> StartAsync(InMemoryStore store, bool canAsk, Logs? logs = null)
    {
        var bus = new FaultyBus(new InMemoryBus(store)) { CannotAskForLeases = !canAsk };
        var configuration = Configuration.Parse($"broker {{ {TestNode.Short}, redis.timeout = 200ms, {TestNode.History} }}");
        return (await BrokerNode.StartAsync(configuration, new BrokerOptions { LoggerFactory = logs, OpenBus = (_, _, _) => Task.FromResult<IRedisBus>(bus) }), bus);
    }

    private static async Task RefusesAsync(BrokerNode node)
    {
        var refused = await Assert.ThrowsAsync<PublishException>(() => node.Publisher("news").PublishAsync("lost").WaitAsync(TestNode.Soon));
        Assert.Equal(PublishProblem.Unavailable, refused.Problem);
    }

    private static async Task<bool> PublishesAsync(BrokerNode node, string message)
    {
        try
        {
            await node.Publisher("news").PublishAsync(message);
            return true;
        }
        catch (PublishException)
        {
            return false;
        }
    }
}
