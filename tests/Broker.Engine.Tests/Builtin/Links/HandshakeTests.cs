using System.Text;

namespace Broker.Engine.Tests.Builtin.Links;

public sealed class HandshakeTests
{
    private static readonly NodeIdentity Here = new(new Address("akka.tcp", "s", "here", 1), 11);
    private static readonly NodeIdentity There = new(new Address("akka.tcp", "s", "there", 2), 22);

    [Fact]
    public void Two_who_know_the_secret_know_each_other()
    {
        var (dialler, acceptor) = (Dial(), Accept());

        Assert.Equal((HandshakeStep.Done, HandshakeStep.Done), Talk(dialler, acceptor));

        Assert.Equal((There, 200_000), (dialler.Peer, dialler.PeerMaxFrame));
        Assert.Equal((Here, 100_000), (acceptor.Peer, acceptor.PeerMaxFrame));
    }

    [Fact]
    public void An_acceptor_that_has_a_link_says_so_and_is_believed()
    {
        Assert.Equal((HandshakeStep.Duplicate, HandshakeStep.Duplicate), Talk(Dial(), Accept(take: _ => false)));
    }

    [Fact]
    public void A_dialler_without_the_secret_is_found_out_before_the_acceptor_has_signed_anything()
    {
        var (dialler, acceptor) = (Dial(secret: "guess"), Accept());
        var hello = dialler.Hello();
        acceptor.Step(hello.Kind, hello.Payload, out var challenge);
        dialler.Step(challenge!.Value.Kind, challenge.Value.Payload, out var proof);

        Assert.Equal(HandshakeStep.Failed, acceptor.Step(proof!.Value.Kind, proof.Value.Payload, out var answer));

        Assert.Null(answer);
        Assert.Contains("secret", acceptor.Failure);
    }

    [Fact]
    public void An_acceptor_without_the_secret_is_found_out()
    {
        var (dialler, acceptor) = (Dial(), Accept());
        var hello = dialler.Hello();
        acceptor.Step(hello.Kind, hello.Payload, out var challenge);
        dialler.Step(challenge!.Value.Kind, challenge.Value.Payload, out _);

        Assert.Equal(HandshakeStep.Failed, dialler.Step(FrameKind.Welcome, [1, .. new byte[32]], out _));
    }

    [Fact]
    public void What_was_said_in_one_handshake_is_of_no_use_in_another()
    {
        var said = new List<(FrameKind, byte[])>();
        Talk(Dial(), Accept(), said);
        var diallersPart = said.Where(frame => frame.Item1 is FrameKind.Hello or FrameKind.Proof).ToList();
        var again = Accept();

        Assert.Equal(HandshakeStep.Continue, again.Step(diallersPart[0].Item1, diallersPart[0].Item2, out _));
        Assert.Equal(HandshakeStep.Failed, again.Step(diallersPart[1].Item1, diallersPart[1].Item2, out _));
    }

    [Fact]
    public void The_same_words_from_a_mirror_are_refused()
    {
        var dialler = Dial();

        Assert.Equal(HandshakeStep.Failed, dialler.Step(FrameKind.Challenge, dialler.Hello().Payload, out _));
    }

    [Fact]
    public void A_challenge_handed_on_from_another_node_is_not_signed()
    {
        // The dialler signed for whoever answered, and looked at the address afterwards: a stranger who listened where a node had been
        // handed on another node's challenge, gave that one the proof and had a link to it, without the secret.
        var (dialler, acceptor) = (Dial(whom: new NodeIdentity(new Address("akka.tcp", "s", "gone", 3), 33)), Accept());
        var hello = dialler.Hello();
        acceptor.Step(hello.Kind, hello.Payload, out var challenge);

        Assert.Equal(HandshakeStep.Failed, dialler.Step(challenge!.Value.Kind, challenge.Value.Payload, out var proof));

        Assert.Null(proof);
        Assert.Contains(There.Address.ToString(), dialler.Failure);
    }

    [Fact]
    public void A_node_that_meets_itself_says_so_and_proves_nothing()
    {
        // Two nodes that call themselves by the same address dialled themselves: the link came up, flapped, and took what was meant for the other.
        var (dialler, acceptor) = (Dial(whom: Here), Accept(who: Here));

        Assert.Equal((HandshakeStep.Continue, HandshakeStep.Failed), Talk(dialler, acceptor));
        Assert.Contains("this node itself", acceptor.Failure);

        var other = Accept(who: Here with { Uid = 12 });
        var hello = Dial(whom: Here).Hello();
        Assert.Equal(HandshakeStep.Continue, other.Step(hello.Kind, hello.Payload, out _));
    }

    [Fact]
    public void Another_certificate_in_between_is_found_out()
    {
        Assert.Equal(HandshakeStep.Failed, Talk(Dial(binding: "ours"), Accept(binding: "his")).Item2);
    }

    [Fact]
    public void Another_system_is_refused()
    {
        var stranger = Handshake.Dial(new HandshakeTerms("other", Here, Encoding.UTF8.GetBytes("secret"), 1), There.Address, []);
        var hello = stranger.Hello();

        Assert.Equal(HandshakeStep.Failed, Accept().Step(hello.Kind, hello.Payload, out var answer));
        Assert.Null(answer);
    }

    [Fact]
    public void Frames_out_of_turn_are_refused()
    {
        foreach (var kind in Enum.GetValues<FrameKind>())
        {
            if (kind != FrameKind.Hello) Assert.Equal(HandshakeStep.Failed, Accept().Step(kind, new byte[64], out _));
            if (kind != FrameKind.Challenge) Assert.Equal(HandshakeStep.Failed, Dial().Step(kind, new byte[64], out _));
        }

        var twice = Accept();
        var hello = Dial().Hello();
        twice.Step(hello.Kind, hello.Payload, out _);
        Assert.Equal(HandshakeStep.Failed, twice.Step(hello.Kind, hello.Payload, out _));
    }

    [Fact]
    public void No_bytes_make_either_side_throw()
    {
        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);

            Assert.Equal(HandshakeStep.Failed, Accept().Step(FrameKind.Hello, bytes, out _));
            Assert.Equal(HandshakeStep.Failed, Dial().Step(FrameKind.Challenge, bytes, out _));
        }
    }

    private static Handshake Dial(string secret = "secret", string binding = "", NodeIdentity? whom = null) =>
        Handshake.Dial(
            new HandshakeTerms("s", Here, Encoding.UTF8.GetBytes(secret), 100_000), (whom ?? There).Address, Encoding.UTF8.GetBytes(binding));

    private static Handshake Accept(string binding = "", Func<NodeIdentity, bool>? take = null, NodeIdentity? who = null) =>
        Handshake.Accept(new HandshakeTerms("s", who ?? There, "secret"u8.ToArray(), 200_000), Encoding.UTF8.GetBytes(binding), take ?? (_ => true));

    private static (HandshakeStep Dialler, HandshakeStep Acceptor) Talk(Handshake dialler, Handshake acceptor, List<(FrameKind, byte[])>? said = null)
    {
        (FrameKind Kind, byte[] Payload)? frame = dialler.Hello();
        var (steps, turn) = (new[] { HandshakeStep.Continue, HandshakeStep.Continue }, 1);
        while (frame is { } next)
        {
            said?.Add(next);
            steps[turn] = (turn == 0 ? dialler : acceptor).Step(next.Kind, next.Payload, out frame);
            turn = 1 - turn;
        }

        return (steps[0], steps[1]);
    }
}
