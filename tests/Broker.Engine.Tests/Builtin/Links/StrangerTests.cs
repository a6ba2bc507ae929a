using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Broker.Engine.Tests.Builtin.Links;

/// <summary>Who connects to the link port and is none of us.</summary>
public sealed class StrangerTests : LinkTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Strangers_are_cut_off_and_nothing_of_them_stays(bool hasTls)
    {
        var system = Start($"{(hasTls ? Tls() : "")}\nakka.remote.link {{ handshake-timeout = 300ms, secret = s }}");
        var hello = Hello(system);
        byte[][] openings =
        [
            [],
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(),
            [0xff, 0xff, 0xff, 0x7f],
            [1, 0, 0, 0, 99, 1, 0],
            Frame.Of(FrameKind.Message, [1, 2, 3]).Memory.ToArray(),
            hello[..3],
            hello[..20],
            hello,
            [.. hello, .. Frame.Of(FrameKind.Proof, new byte[32]).Memory.Span],
            RandomNumberGenerator.GetBytes(5000),
        ];

        foreach (var opening in openings)
        {
            using var stranger = await Connect(system);
            await stranger.SendAsync(opening);
            await HungUp(stranger);
        }

        await NothingStays(system, openings.Length);
    }

    [Fact]
    public async Task A_thousand_at_once_are_cut_off_and_a_node_still_gets_its_link()
    {
        using var log = new StandardError();
        var system = Start("akka { loglevel = WARNING, stdout-loglevel = WARNING, remote.link { handshake-timeout = 1s, secret = s } }");
        var hello = Hello(system);
        byte[][] openings = [[], hello[..20], hello, [.. hello, .. Frame.Of(FrameKind.Proof, new byte[32]).Memory.Span], RandomNumberGenerator.GetBytes(100)];

        var strangers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Connect(system)));
        await Task.WhenAll(strangers.Select(async (stranger, i) =>
        {
            try
            {
                await stranger.SendAsync(openings[i % openings.Length]);
            }
            catch (SocketException)
            {
                // Hung up on already.
            }

            await HungUp(stranger);
            stranger.Dispose();
        }));

        await NothingStays(system, strangers.Length);
        var said = log.Lines.Where(line => line.Contains("is cut off", StringComparison.Ordinal)).Select(line => line[line.IndexOf("is cut off", StringComparison.Ordinal)..]).ToList();
        Assert.NotEmpty(said);
        Assert.Equal(said.Distinct(), said);
        using var kit = new TestKit(Start("akka.remote.link.secret = s"));
        Remote(system, kit.TestActor).Tell("still works", ActorRefs.NoSender);
        kit.ExpectMsg("still works", Patience);
    }

    [Fact]
    public async Task A_replayed_handshake_is_cut_off()
    {
        var (a, b) = (Start(), Start());
        using var relay = new Relay { Target = new IPEndPoint(IPAddress.Loopback, LinksOf(b).Self.Address.Port!.Value) };
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

    private static byte[] Hello(ActorSystem system)
    {
        var (kind, payload) = Handshake.Dial(new HandshakeTerms("links", Other, "wrong"u8.ToArray(), 1), LinksOf(system).Self.Address, []).Hello();
        return Frame.Of(kind, payload).Memory.ToArray();
    }

    private static async Task NothingStays(ActorSystem system, int count)
    {
        var links = LinksOf(system);
        await Eventually(() => links.Counters.Refused == count && links.Strangers == 0);
        Assert.Empty(links.Nodes);
    }

    /// <summary>What is written there meanwhile.</summary>
    private sealed class StandardError : IDisposable
    {
        private readonly TextWriter _before = Console.Error;
        private readonly StringWriter _written = new();

        public StandardError() => Console.SetError(_written);

        public string[] Lines
        {
            get
            {
                Console.SetError(_before);
                return _written.ToString().Split(Environment.NewLine);
            }
        }

        public void Dispose() => Console.SetError(_before);
    }
}
