using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Broker.Engine.Tests.Builtin.Links;

/// <summary>Real sockets between systems that are no cluster: a link needs no membership.</summary>
public sealed class LinkTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<ActorSystem> _systems = [];
    private readonly List<Relay> _relays = [];

    public void Dispose()
    {
        _relays.ForEach(relay => relay.Dispose());
        foreach (var system in _systems)
        {
            ((ExtendedActorSystem)system).Abort();
            Assert.True(system.WhenTerminated.Wait(Patience));
        }
    }

    [Fact]
    public async Task Two_that_dial_at_once_end_with_one_link_and_lose_nothing()
    {
        for (var round = 0; round < 20; round++)
        {
            var (a, b) = (Start(), Start());
            using var kitA = new TestKit(a);
            using var kitB = new TestKit(b);
            var (toB, toA) = (Remote(a, kitB.TestActor), Remote(b, kitA.TestActor));

            await Task.WhenAll(
                Task.Run(() => Parallel.For(0, 50, i => toB.Tell(i, ActorRefs.NoSender))),
                Task.Run(() => Parallel.For(0, 50, i => toA.Tell(i, ActorRefs.NoSender))));

            Assert.Equal(Enumerable.Range(0, 50), kitA.ReceiveN(50, Patience).Cast<int>().Order());
            Assert.Equal(Enumerable.Range(0, 50), kitB.ReceiveN(50, Patience).Cast<int>().Order());
            await Eventually(() => LinksOf(a).Nodes.Single().IsLinked && LinksOf(b).Nodes.Single().IsLinked);
        }
    }

    [Fact]
    public async Task Strangers_are_cut_off_and_nothing_of_them_stays()
    {
        var system = Start("akka.remote.link { handshake-timeout = 300ms, secret = s }");
        var hello = Handshake.Dial(new HandshakeTerms("links", Other, "wrong"u8.ToArray(), 1), LinksOf(system).Self.Address, []).Hello();
        byte[][] openings =
        [
            [],
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(),
            [0xff, 0xff, 0xff, 0x7f],
            [1, 0, 0, 0, 99, 1, 0],
            Frame.Of(FrameKind.Message, [1, 2, 3]).Memory.ToArray(),
            Frame.Of(hello.Kind, hello.Payload).Memory.ToArray(),
            [.. Frame.Of(hello.Kind, hello.Payload).Memory.Span, .. Frame.Of(FrameKind.Proof, new byte[32]).Memory.Span],
            RandomNumberGenerator.GetBytes(5000),
        ];

        foreach (var opening in openings)
        {
            using var stranger = await Connect(system);
            await stranger.SendAsync(opening);
            await HungUp(stranger);
        }

        var links = LinksOf(system);
        await Eventually(() => links.Counters.Refused == openings.Length);
        Assert.Empty(links.Nodes);
    }

    [Fact]
    public async Task A_replayed_handshake_is_cut_off()
    {
        var (a, b) = (Start(), Start());
        var relay = new Relay { Target = new IPEndPoint(IPAddress.Loopback, LinksOf(b).Self.Address.Port!.Value) };
        _relays.Add(relay);
        using var dialled = await Wire.DialAsync(new Address("akka.tcp", "links", "127.0.0.1", relay.Port), LinksOf(a).Settings, default);
        var handshake = Handshake.Dial(new HandshakeTerms("links", Other, [], 1), LinksOf(b).Self.Address, dialled.Binding);
        Assert.Equal(HandshakeStep.Done, await dialled.ShakeHandsAsync(handshake, isDialler: true, default));

        using var stranger = await Connect(b);
        await stranger.SendAsync(relay.Said);

        await HungUp(stranger);
        await Eventually(() => LinksOf(b).Counters.Refused == 1);
    }

    [Fact]
    public async Task More_strangers_than_are_allowed_at_once_are_hung_up_on()
    {
        var system = Start("akka.remote.link { handshake-timeout = 20s, max-strangers = 3 }");
        var silent = new List<Socket>();
        for (var i = 0; i < 3; i++)
        {
            silent.Add(await Connect(system));
        }

        using var tooMany = await Connect(system);
        await HungUp(tooMany);

        silent.ForEach(socket => socket.Dispose());
        using var kit = new TestKit(Start());
        Remote(system, kit.TestActor).Tell("still works", ActorRefs.NoSender);
        kit.ExpectMsg("still works", Patience);
    }

    [Fact]
    public void Without_the_secret_nothing_arrives()
    {
        var (a, b) = (Start("akka.remote.link.secret = right"), Start("akka.remote.link.secret = wrong"));
        using var kit = new TestKit(b);

        Remote(a, kit.TestActor).Tell("hello", ActorRefs.NoSender);

        kit.ExpectNoMsg(TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public void Without_a_secret_a_node_listens_on_loopback_only()
    {
        var refused = Assert.Throws<ConfigurationException>(() => Start("akka.remote.dot-netty.tcp.hostname = 0.0.0.0"));

        Assert.Contains("akka.remote.link.secret", refused.Message);
    }

    [Fact]
    public void Over_tls_with_a_certificate_of_ones_own_messages_arrive()
    {
        var tls = Tls() + "\nakka.remote.dot-netty.tcp.maximum-frame-size = 6MiB";
        var (a, b) = (Start(tls), Start(tls));
        using var kit = new TestKit(b);

        Remote(a, kit.TestActor).Tell("hello", ActorRefs.NoSender);
        Remote(a, kit.TestActor).Tell(new byte[5 << 20], ActorRefs.NoSender);

        kit.ExpectMsg("hello", Patience);
        Assert.Equal(5 << 20, kit.ExpectMsg<byte[]>(Patience).Length);
    }

    [Fact]
    public async Task A_stranger_who_announces_a_long_frame_is_cut_off_before_it_comes()
    {
        var system = Start("akka.remote { link.handshake-timeout = 60s, dot-netty.tcp.maximum-frame-size = 64MiB }");
        using var stranger = await Connect(system);

        await stranger.SendAsync((byte[])[.. BitConverter.GetBytes(60 << 20), Frame.WireVersion, (byte)FrameKind.Hello]);

        await HungUp(stranger);
        await Eventually(() => LinksOf(system).Counters.Refused == 1);
    }

    [Theory]
    [InlineData("128000b", "6MiB")]
    [InlineData("6MiB", "128000b")]
    public void What_either_side_does_not_take_is_dropped_and_counted_and_the_link_stays(string here, string there)
    {
        // A frame that the other side did not take cut the link, and what had to be sent again cut the next one.
        var a = Start($"akka.remote.dot-netty.tcp.maximum-frame-size = {here}");
        using var kit = new TestKit(Start($"akka.remote.dot-netty.tcp.maximum-frame-size = {there}"));
        var seen = Remote(a, kit.TestActor);

        seen.Tell("before", ActorRefs.NoSender);
        seen.Tell(new byte[5 << 20], ActorRefs.NoSender);
        seen.Tell("after", ActorRefs.NoSender);

        kit.ExpectMsg("before", Patience);
        kit.ExpectMsg("after", Patience);
        Assert.Equal(1, LinksOf(a).Counters.Dropped);
    }

    [Theory]
    [InlineData("dot-netty.tcp.maximum-frame-size = 31KiB")]
    [InlineData("dot-netty.tcp.maximum-frame-size = 2GiB")]
    [InlineData("link.queue-size = 0")]
    public void Sizes_that_no_link_could_work_with_are_refused(string setting)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Start($"akka.remote.{setting}"));

        Assert.Contains(setting.Split(' ')[0], refused.Message);
    }

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

    [Fact]
    public void What_finds_no_room_is_dropped_and_counted_and_nobody_waits()
    {
        var a = Start("akka.remote.link { queue-size = 100KiB, give-up = 60s }");
        var nobody = new RemoteActorRef(LinksOf(a), ActorPath.Parse($"akka.tcp://links@127.0.0.1:{FreePort()}/user/x"));

        for (var i = 0; i < 1000; i++)
        {
            nobody.Tell(new byte[1000], ActorRefs.NoSender);
        }

        Assert.InRange(LinksOf(a).Counters.Dropped, 850, 950);
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
        Assert.Equal((1, 0), (links.Counters.Dropped, links.Counters.SentFrames));

        node.Close();
        node.Send(Frame.Of(FrameKind.Alive, []));
        Assert.Equal(2, links.Counters.Dropped);
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

    [Fact]
    public void A_message_that_cannot_be_made_into_bytes_is_a_dead_letter()
    {
        var (a, b) = (Start(), Start());
        using var kit = new TestKit(a);
        using var kitB = new TestKit(b);
        a.EventStream.Subscribe(kit.TestActor, typeof(DeadLetter));

        Remote(a, kitB.TestActor).Tell(new object(), ActorRefs.NoSender);

        Assert.IsType<object>(kit.ExpectMsg<DeadLetter>(Patience).Message);
    }

    private static NodeIdentity Other => new(new Address("akka.tcp", "links", "127.0.0.1", 1), 5);

    private static Broker.Engine.Links LinksOf(ActorSystem system) => ((LocalActorSystem)system).Links!;

    private static IActorRef Remote(ActorSystem from, IActorRef to) =>
        ((ExtendedActorSystem)from).Provider.ResolveActorRef(Broker.Engine.Serialization.SerializedActorPath(to));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<Socket> Connect(ActorSystem system)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var address = LinksOf(system).Self.Address;
        await socket.ConnectAsync(address.Host!, address.Port!.Value);
        return socket;
    }

    private static async Task HungUp(Socket socket)
    {
        using var late = new CancellationTokenSource(Patience);
        try
        {
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer, late.Token) > 0)
            {
                // A challenge, perhaps; then the end.
            }
        }
        catch (SocketException)
        {
            // Reset is an end too.
        }
    }

    private static async Task Eventually(Func<bool> isSo)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, "Not in time");
            await Task.Delay(10);
        }
    }

    private static string Tls()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=anything", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pfx, "pw"));
        return $$"""akka.remote.dot-netty.tcp { enable-ssl = on, ssl.certificate { path = "{{path}}", password = pw } }""";
    }

    private ActorSystem Start(string more = "")
    {
        const string common = "akka { loglevel = OFF, stdout-loglevel = OFF, actor.provider = cluster }";
        var system = ActorSystem.Create("links", ConfigurationFactory.ParseString(more).WithFallback(ConfigurationFactory.ParseString(common)));
        _systems.Add(system);
        return system;
    }

    /// <summary>The second is found at the relay's port and listens at the same of another loopback address.</summary>
    private (ActorSystem A, ActorSystem B, Relay Relay) StartBehindRelay()
    {
        const string quick = "akka.remote.link { keep-alive = 50ms, silence = 500ms, max-back-off = 100ms, give-up = 20s }";
        var relay = new Relay();
        _relays.Add(relay);
        var b = Start($"{quick}\nakka.remote.dot-netty.tcp {{ port = {relay.Port}, bind-hostname = 127.0.0.2 }}");
        relay.Target = new IPEndPoint(IPAddress.Parse("127.0.0.2"), relay.Port);
        return (Start(quick), b, relay);
    }

    private sealed class Silent : ReceiveActor;

    private sealed class Broken(Socket socket) : NetworkStream(socket)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
