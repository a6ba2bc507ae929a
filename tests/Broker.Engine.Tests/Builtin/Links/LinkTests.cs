using System.Net;
using System.Net.Sockets;

namespace Broker.Engine.Tests.Builtin.Links;

/// <summary>Who gets a link, and what it carries.</summary>
public sealed class LinkTests : LinkTest
{
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

    // Happened: a socket's thread ran what each frame set going before it looked at the next one. With thousands of clients on one node, what came from another was minutes of sending behind
    // on that one thread, while others had nothing to do.
    [Fact]
    public async Task What_a_frame_sets_going_holds_up_none_that_came_with_it()
    {
        var system = Start("here { type = CallerRuns, throughput = 10 }");
        using var secondHasRun = new ManualResetEventSlim();
        var first = new TaskCompletionSource<bool>();
        var waits = system.ActorOf(Props.Create(() => new Does(() => first.SetResult(secondHasRun.Wait(Patience)))).WithDispatcher("here"));
        var second = system.ActorOf(Props.Create(() => new Does(secondHasRun.Set)).WithDispatcher("here"));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var together = new OneRead([.. FrameTo(system, waits), .. FrameTo(system, second)]);

        await Task.Run(() => LinksOf(system).NodeAt(Other.Address).Attach(new Wire(socket, together, []), Other, isDialledHere: true));

        Assert.True(await first.Task);
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

    private byte[] FrameTo(ActorSystem system, IActorRef actor)
    {
        var serialization = ((LocalActorSystem)system).Serialization;
        var serializer = serialization.FindSerializerFor("go");
        Assert.True(MessageFrame.TryWrite(
            serializer.Identifier, ((RemoteActorRef)Remote(Start(), actor)).NameBytes, [], Broker.Engine.Serialization.ManifestFor(serializer, "go"), serializer.ToBinary("go"), 1 << 20, out var frame));
        return frame.Memory.ToArray();
    }

    private sealed class Does : ReceiveActor
    {
        public Does(Action what) => ReceiveAny(_ => what());
    }

    /// <summary>A connection on which all that comes is there at once, and nobody listens.</summary>
    private sealed class OneRead(byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
