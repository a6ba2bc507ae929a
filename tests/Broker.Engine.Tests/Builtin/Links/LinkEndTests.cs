using System.Net.Sockets;
using System.Text;

namespace Broker.Engine.Tests.Builtin.Links;

/// <summary>How links and nodes end, and what comes after.</summary>
public sealed class LinkEndTests : LinkTest
{
    [Fact]
    public async Task A_link_that_breaks_is_dialled_again_and_watches_outlive_it()
    {
        var (a, b, relay) = StartBehindRelay();
        using var kit = new TestKit(a);
        var target = b.ActorOf(Props.Create<Silent>());
        var seen = Remote(a, target);
        kit.Watch(seen);
        seen.Tell(new Identify(1), kit.TestActor);
        kit.ExpectMsg<ActorIdentity>(Patience);

        // The actor ends while there is no link to say so on.
        relay.Cut();
        await Eventually(() => LinksOf(a).Nodes.All(node => !node.IsLinked));
        b.Stop(target);
        await Eventually(() => ((IInternalActorRef)target).IsTerminated);
        relay.Pass();

        kit.ExpectTerminated(seen, Patience);
    }

    // One actor's Unwatch got into the queue behind another's Watch of the same actor, or waited there for a link that began with that Watch: the
    // other side forgot the watch, and Terminated never came.
    [Fact]
    public void A_late_unwatch_does_not_end_a_watch_that_has_begun_since()
    {
        var (a, b) = (Start(), Start());
        using var kit = new TestKit(a);
        var target = b.ActorOf(Props.Create<Silent>());
        var seen = (RemoteActorRef)Remote(a, target);
        kit.Watch(seen);
        seen.Tell(new Identify(1), kit.TestActor);
        kit.ExpectMsg<ActorIdentity>(Patience);

        LinksOf(a).NodeAt(LinksOf(b).Self.Address).SendSure(Frame.Of(FrameKind.Unwatch, seen.NameBytes));
        seen.Tell(new Identify(2), kit.TestActor);
        kit.ExpectMsg<ActorIdentity>(Patience);
        b.Stop(target);

        kit.ExpectTerminated(seen, Patience);
    }

    // A node left, its next life was linked at the same address within the time that is left to its former one, and was closed in its stead.
    [Fact]
    public async Task A_new_life_at_the_same_address_is_not_closed_with_its_former_one()
    {
        var (a, b) = (Start(), Start());
        using var kit = new TestKit(b);
        Remote(a, kit.TestActor).Tell("hello", ActorRefs.NoSender);
        kit.ExpectMsg("hello", Patience);
        var (node, life) = (LinksOf(a).Nodes.Single(), LinksOf(b).Self.Uid);

        await node.CloseSoonAsync(TimeSpan.Zero, life - 1);
        Assert.False(node.IsClosed);
        Assert.True(node.IsLinked);

        await node.CloseSoonAsync(TimeSpan.Zero, life);
        Assert.True(node.IsClosed);
    }

    [Fact]
    public async Task A_silent_link_is_dead_and_dialled_again()
    {
        var (a, b, relay) = StartBehindRelay();
        using var kit = new TestKit(b);
        var seen = Remote(a, kit.TestActor);
        seen.Tell("before", ActorRefs.NoSender);
        kit.ExpectMsg("before", Patience);

        relay.Swallow();
        await Eventually(() => LinksOf(a).Nodes.All(node => !node.IsLinked));
        relay.Pass();

        await Eventually(() =>
        {
            seen.Tell("after", ActorRefs.NoSender);
            return kit.HasMessages;
        });
    }

    // What had been said to a member behind a cut link arrived minutes later, when its author had long given up, and meanwhile there was no room for what was new.
    [Fact]
    public async Task What_waits_for_a_member_out_of_reach_grows_too_old_to_be_sent()
    {
        var (a, b, relay) = StartBehindRelay();
        using var kit = new TestKit(b);
        var seen = Remote(a, kit.TestActor);
        seen.Tell("before", ActorRefs.NoSender);
        kit.ExpectMsg("before", Patience);
        var (links, node) = (LinksOf(a), LinksOf(a).Nodes.Single());
        links.SetMembers([LinksOf(b).Self]);

        relay.Cut();
        await Eventually(() => !node.IsLinked);
        seen.Tell("old", ActorRefs.NoSender);
        await Eventually(() => node.Queue.IsEmpty);
        relay.Pass();
        await Eventually(() =>
        {
            seen.Tell("new", ActorRefs.NoSender);
            return kit.HasMessages;
        });

        kit.ExpectMsg("new", Patience);
        Assert.InRange(links.Counters.Dropped, 1, int.MaxValue);
    }

    // What had been taken from the queue as the connection broke counted as sent, and what was told to a node that had just been given up counted as nothing.
    [Fact]
    public async Task What_is_lost_as_a_link_ends_is_counted()
    {
        var (a, b) = (Start(), Start());
        var (links, address) = (LinksOf(a), LinksOf(b).Self.Address);
        var node = links.NodeAt(address);
        using var broken = await Wire.DialAsync(address, links.Settings, default);
        broken.Dispose();
        using var link = new Link(broken, node, links, LinksOf(b).Self, isDialledHere: true);
        Assert.True(node.Queue.TryAdd(Frame.Of(FrameKind.Alive, [])));

        await link.RunAsync(Task.CompletedTask);
        var lost = 1 + node.Opening().Count;
        Assert.Equal((lost, 0), (links.Counters.Dropped, links.Counters.SentFrames));

        node.Close();
        node.Send(Frame.Of(FrameKind.Alive, []));
        Assert.Equal(lost + 1, links.Counters.Dropped);
    }

    // An exception that was not on a list left the dead link in its place: the node was never dialled again, and nothing was logged.
    [Fact]
    public async Task Whatever_a_connection_throws_another_takes_its_place()
    {
        var (a, b) = (Start(), Start());
        using var kit = new TestKit(b);
        var socket = await Connect(b);
        LinksOf(a).NodeAt(LinksOf(b).Self.Address).Attach(new Wire(socket, new Broken(socket), []), LinksOf(b).Self, isDialledHere: true);

        await Eventually(() =>
        {
            Remote(a, kit.TestActor).Tell("hello", ActorRefs.NoSender);
            return kit.HasMessages;
        });
    }

    // A port that is none, as in a broken member's record: the node counted as being dialled for ever.
    // A link that was only read to its end was in no list: it went on for the silence after its node had been closed, and its socket outlived the system.
    [Fact]
    public async Task A_link_that_is_only_read_to_its_end_ends_with_its_node()
    {
        const string patient = "akka.remote.link { handshake-timeout = 60s, silence = 60s }";
        var (a, b) = (Start(patient), Start(patient));
        var node = LinksOf(a).NodeAt(LinksOf(b).Self.Address);
        var wire = await Wire.DialAsync(node.Address, LinksOf(a).Settings, default);

        node.Close();
        node.Attach(wire, LinksOf(b).Self, isDialledHere: true);

        await Eventually(() => LinksOf(b).Counters.Refused == 1);
    }

    // A watch that was still on its way when its node was closed was taken out by nobody.
    [Fact]
    public void A_watch_from_a_node_that_is_closed_is_not_kept()
    {
        var system = Start();
        using var kit = new TestKit(system);
        var node = LinksOf(system).NodeAt(Other.Address);
        var target = system.ActorOf(Props.Create<Silent>());
        node.Close();

        node.OnFrame(FrameKind.Watch, Encoding.UTF8.GetBytes(target.Path.ToStringWithoutAddress()));
        kit.Watch(target);
        system.Stop(target);
        kit.ExpectTerminated(target, Patience);

        // Nothing was to be said to it.
        Assert.Equal(0, LinksOf(system).Counters.Dropped);
    }

    [Fact]
    public async Task An_address_that_cannot_be_dialled_is_given_up()
    {
        var links = LinksOf(Start("akka.remote.link { give-up = 200ms, max-back-off = 50ms }"));

        links.NodeAt(new Address("akka.tcp", "links", "127.0.0.1", 70_000)).Send(Frame.Of(FrameKind.Died, []));

        await Eventually(() => links.Nodes.Count == 0);
    }

    [Fact]
    public async Task An_address_where_nobody_is_is_given_up()
    {
        var a = Start("akka.remote.link { give-up = 200ms, max-back-off = 50ms }");
        using var kit = new TestKit(a);
        var nobody = new RemoteActorRef(LinksOf(a), ActorPath.Parse($"akka.tcp://links@127.0.0.1:{FreePort()}/user/x"));

        kit.Watch(nobody);

        Assert.True(kit.ExpectTerminated(nobody, Patience).AddressTerminated);
        await Eventually(() => LinksOf(a).Nodes.Count == 0);
    }

    // Each address that somebody stopped watching after it had been given up stayed known for ever, though nobody dialled it.
    [Fact]
    public void To_stop_watching_makes_no_node()
    {
        var a = Start();
        var nobody = new RemoteActorRef(LinksOf(a), ActorPath.Parse($"akka.tcp://links@127.0.0.1:{FreePort()}/user/x"));

        nobody.SendSystemMessage(new Unwatch(nobody, (IInternalActorRef)a.ActorOf(Props.Create<Silent>())));

        Assert.Empty(LinksOf(a).Nodes);
    }

    private sealed class Broken(Socket socket) : NetworkStream(socket)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
