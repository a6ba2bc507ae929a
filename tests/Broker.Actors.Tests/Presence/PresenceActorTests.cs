using Broker.Actors.Channels;
using Broker.Actors.Presence;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Presence;

/// <summary>The keeper of a channel's members, between its relays and what a former one has left in Redis.</summary>
public sealed class PresenceActorTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");
    private static readonly RedisKeys Keys = new("broadcast:news");
    private static readonly MembersCount Nobody = new(0, 0);

    private readonly InMemoryStore _store = new();
    private readonly InMemoryBus _bus;
    private volatile HashSet<string> _living = ["a", "b"];

    public PresenceActorTests() => _bus = new InMemoryBus(_store);

    [Fact]
    public async Task A_new_owner_tells_those_who_were_there_before_once_who_has_gone_with_a_dead_node()
    {
        await KeepAsync("r1", "a", "c1");
        await KeepAsync("r9", "dead", "gone1", "gone2");
        await KeepAsync("r2", "b", "c2");
        var (first, second, late) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var owner = StartOwner();

        Report(owner, first, "r1", "a", returns: true, Person.Joins("c1"), Person.Joins("c3"));
        var told = first.FishForMessage<MembersChange>(_ => true);
        Assert.Equal("-gone1 -gone2", Person.Show(told.Changes));
        Assert.Equal("+c3", Person.Show(first.FishForMessage<MembersChange>(_ => true).Changes));

        Report(owner, second, "r2", "b", returns: true, Person.Joins("c2"));
        Assert.Equal("-gone1 -gone2 +c3", Person.Show(second.FishForMessage<MembersChange>(_ => true).Changes));

        Report(owner, late, "r3", "b", returns: false, Person.Joins("c4"));
        foreach (var relay in new[] { first, second, late }) Assert.Equal("+c4", Person.Show(relay.FishForMessage<MembersChange>(_ => true).Changes));

        owner.Tell(new CountMembers(News), TestActor);
        Assert.Equal(new MembersCount(4, 1), ExpectMsg<MembersCount>());
    }

    [Fact]
    public async Task Who_asks_while_nobody_can_say_is_answered_when_somebody_can()
    {
        await KeepAsync("r1", "a", "c1", "c2");
        var owner = StartOwner();

        owner.Tell(new CountMembers(News), TestActor);
        owner.Tell(new ReadMembers(News, "", 0, 0), TestActor);
        Report(owner, CreateTestProbe(), "r1", "a", returns: true, Person.Joins("c2"));

        Assert.Equal(new MembersCount(1, 1), ExpectMsg<MembersCount>());
        Assert.Equal("c2", Person.Show(ExpectMsg<MembersPage>().Members));
    }

    [Fact]
    public async Task A_relay_that_does_not_say_anything_loses_its_members_in_the_end()
    {
        await KeepAsync("r1", "a", "c1");
        var owner = StartOwner("300ms");
        owner.Tell(new CountMembers(News), TestActor);

        await UntilAsync(owner, Nobody);
        await TestNode.UntilAsync(() => Kept().Length == 0, "nobody is kept");
    }

    [Fact]
    public async Task A_node_that_dies_meanwhile_takes_its_members_with_it()
    {
        await KeepAsync("r1", "a", "c1");
        var owner = StartOwner("10m");

        _living = ["b"];

        await UntilAsync(owner, Nobody);
    }

    [Fact]
    public void A_relay_of_a_node_that_is_no_member_has_none_until_it_is_one()
    {
        // A node that had been sent away attached again while it ended: its members came and went several times.
        _living = ["a"];
        var owner = StartOwner();
        var (relay, other) = (CreateTestProbe(), CreateTestProbe());
        Report(owner, relay, "r1", "b", returns: true, Person.Joins("c1"));
        Report(owner, other, "r2", "a", returns: false, Person.Joins("c2"));
        Assert.Equal("+c2", Person.Show(other.FishForMessage<MembersChange>(_ => true).Changes));

        _living = ["a", "b"];

        Assert.Equal("+c1", Person.Show(other.FishForMessage<MembersChange>(_ => true).Changes));
        Assert.Equal(1, relay.FishForMessage<PresenceTaken>(_ => true).Number);
    }

    [Fact]
    public async Task Without_redis_the_members_are_those_that_the_relays_name_and_nobody_comes_who_was_there()
    {
        await KeepAsync("r1", "a", "c1", "c2");
        _bus.Disconnect();
        var relay = CreateTestProbe();
        var owner = StartOwner("300ms");

        Report(owner, relay, "r1", "a", returns: true, Person.Joins("c1"));
        Assert.Equal(1, relay.ExpectMsg<PresenceTaken>().Number);
        Tell(owner, relay, "r1", 2, Person.Joins("c3"));

        Assert.Equal(2, relay.ExpectMsg<PresenceTaken>().Number);
        Assert.Equal("+c3", Person.Show(relay.ExpectMsg<MembersChange>().Changes));
        owner.Tell(new CountMembers(News), TestActor);
        Assert.Equal(2, ExpectMsg<MembersCount>().Clients);

        _bus.Reconnect();
        await TestNode.UntilAsync(() => Kept() == "c1 c3", "Redis follows");
    }

    [Fact]
    public async Task What_redis_has_lost_is_written_anew()
    {
        var relay = CreateTestProbe();
        var owner = StartOwner();
        Report(owner, relay, "r1", "a", returns: false, [.. Enumerable.Range(0, 2000).Select(i => Person.Joins($"c{i}"))]);
        await TestNode.UntilAsync(() => Kept().Split(' ').Length == 2000, "all are kept");

        await _bus.RemoveAsync(Keys.Members);
        Tell(owner, relay, "r1", 2, Person.Joins("new"));

        await TestNode.UntilAsync(() => Kept().Split(' ').Length == 2001, "all are kept again");
    }

    [Fact]
    public void An_owner_that_stops_leaves_all_that_it_has_told_in_redis()
    {
        var (owner, relay) = (StartOwner(), CreateTestProbe());
        Report(owner, relay, "r1", "a", returns: false, [.. Enumerable.Range(0, 5000).Select(i => Person.Joins($"c{i}"))]);
        relay.FishForMessage<PresenceTaken>(_ => true);
        Watch(owner);

        owner.Tell(PresenceActor.Finish.Instance, TestActor);

        ExpectTerminated(owner);
        Assert.Equal(5000, Kept().Split(' ').Length);
    }

    [Fact]
    public void A_report_comes_twice_or_does_not_follow()
    {
        var relay = CreateTestProbe();
        var owner = StartOwner();

        Tell(owner, relay, "r1", 2, Person.Joins("c0"));
        relay.ExpectMsg<Detached>();
        Report(owner, relay, "r1", "a", returns: false, Person.Joins("c1"));
        Report(owner, relay, "r1", "a", returns: false, Person.Joins("c1"));
        Assert.Equal(1, relay.ExpectMsg<PresenceTaken>().Number);
        Assert.Equal("+c1", Person.Show(relay.FishForMessage<MembersChange>(_ => true).Changes));
        Tell(owner, relay, "r1", 3, Person.Joins("c2"));
        relay.FishForMessage<Detached>(_ => true);
    }

    private IActorRef StartOwner(string await = "20s")
    {
        var settings = BrokerSettings.Read(Configuration.Parse($"broker.channel.await-members = {await}"));
        var services = new BrokerServices(Sys, _bus, settings, new BrokerMetrics(() => true), NullLogger.Instance, TimeProvider.System, null)
        {
            Nodes = new ClusterNodes("me", HasSuccessors: true, () => _living),
        };
        return Sys.ActorOf(Props.Create(() => new Owner(services)));
    }

    private Task<long> KeepAsync(string relay, string node, params string[] clients) => _bus.WriteMembersAsync(Keys, new MembersWrite(
        false, [.. clients.Select(client => KeyValuePair.Create(client, Broker.Actors.Channels.Wire.PresenceForm.ToStored(Person.Named(client), relay, node)))], [], TimeSpan.FromHours(1)));

    private string Kept() => _bus.IsConnected ? string.Join(' ', _bus.ReadMembersAsync(Keys, 0).Result.Members.Select(member => member.Key).Order()) : "";

    private static async Task UntilAsync(IActorRef owner, MembersCount count) =>
        await TestNode.UntilAsync(() => owner.Ask<MembersCount>(new CountMembers(News), TestNode.Soon).Result == count, $"{count}");

    /// <summary>All of a relay's members; it wants to hear of others.</summary>
    private static void Report(IActorRef owner, TestProbe relay, string id, string node, bool returns, params MemberChange[] changes) =>
        owner.Tell(new ReportPresence(News, id, node, 1, Begins: true, IsWhole: true, returns, Wants: true, changes), relay.Ref);

    private static void Tell(IActorRef owner, TestProbe relay, string id, long number, params MemberChange[] changes) =>
        owner.Tell(new ReportPresence(News, id, "a", number, Begins: false, IsWhole: false, Returns: false, Wants: true, changes), relay.Ref);

    /// <summary>As far as it has to do with members.</summary>
    private sealed class Owner : ReceiveActor
    {
        public Owner(BrokerServices services)
        {
            var presence = Context.ActorOf(Props.Create(() => new PresenceActor(News, Keys, services)));
            Context.Watch(presence);

            Receive<Terminated>(_ => Context.Stop(Self));
            ReceiveAny(presence.Forward);
        }
    }
}
