using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Broker.Engine;

/// <summary>What came of a step of the handshake.</summary>
internal enum HandshakeStep
{
    /// <summary>Send what there is to send and wait for the other side's next frame.</summary>
    Continue,

    /// <summary>Both sides have proved that they know the secret.</summary>
    Done,

    /// <summary>The other side has shown who it is, but has a link to this node that it keeps.</summary>
    Duplicate,

    /// <summary>Cut it off: <see cref="Handshake.Failure"/> says why.</summary>
    Failed,
}

/// <summary>
/// Two nodes show each other that they know the shared secret, without saying it.
/// <code>
/// dialler → Hello(system, identity, longest frame, nonce)
///           Challenge(system, identity, longest frame, nonce) ← acceptor
/// dialler → Proof(HMAC(secret, "dialler" + Hello + Challenge + binding))
///           Welcome(taken, HMAC(secret, "acceptor" + taken + Hello + Challenge + binding)) ← acceptor
/// </code>
/// Each side's nonce is in what the other signs, so nothing said in one handshake is of use in another. The dialler proves itself first, and only
/// to who claims to be whom it dialled: a stranger who connects gets nothing from us that he could try secrets on. The binding is the hash of the TLS certificate, empty without TLS: a
/// man in the middle has another, so the certificate needs no authority. Every frame's header holds the wire version.
/// No I/O and no clock in here.
/// </summary>
internal sealed class Handshake
{
    /// <summary>The longest payload before both sides are known.</summary>
    public const int MaxLength = 1024;

    private const int NonceLength = 32;
    private const int MacLength = 32;

    private readonly byte[] _secret;
    private readonly byte[] _binding;
    private readonly string _system;
    private readonly NodeIdentity _self;
    private readonly Address? _dialled;
    private readonly byte[] _own;
    private readonly Func<NodeIdentity, bool>? _take;
    private byte[] _theirs = [];
    private bool _hasChallenged;

    private Handshake(HandshakeTerms terms, ReadOnlySpan<byte> binding, Address? dialled, Func<NodeIdentity, bool>? take)
    {
        (_secret, _binding, _system, _self) = (terms.Secret, binding.ToArray(), terms.System, terms.Self);
        (_dialled, _take) = (dialled, take);
        _own = [.. Introduction(terms), .. RandomNumberGenerator.GetBytes(NonceLength)];
    }

    /// <summary>Who the other side is; trustworthy only when it is done.</summary>
    public NodeIdentity? Peer { get; private set; }

    /// <summary>The longest payload that the other side takes once it is done.</summary>
    public int PeerMaxFrame { get; private set; }

    public string? Failure { get; private set; }

    private bool IsDialler => _take is null;

    /// <summary>The side that connects; begins with <see cref="Hello"/>.</summary>
    /// <param name="terms">What both sides must agree on.</param>
    /// <param name="dialled">Where the other side must be at home.</param>
    /// <param name="binding">The hash of the TLS certificate.</param>
    public static Handshake Dial(HandshakeTerms terms, Address dialled, ReadOnlySpan<byte> binding) => new(terms, binding, dialled, take: null);

    /// <summary>The side that was connected to.</summary>
    /// <param name="terms">What both sides must agree on.</param>
    /// <param name="binding">The hash of the TLS certificate.</param>
    /// <param name="take">Whether to take a link to that node, asked once it has proved itself.</param>
    public static Handshake Accept(HandshakeTerms terms, ReadOnlySpan<byte> binding, Func<NodeIdentity, bool> take) =>
        new(terms, binding, dialled: null, take);

    public (FrameKind Kind, byte[] Payload) Hello() => (FrameKind.Hello, _own);

    /// <summary>Takes the other side's next frame.</summary>
    public HandshakeStep Step(FrameKind kind, ReadOnlySpan<byte> payload, out (FrameKind Kind, byte[] Payload)? answer)
    {
        answer = null;
        return (IsDialler, kind) switch
        {
            (false, FrameKind.Hello) when !_hasChallenged => OnHello(payload, out answer),
            (true, FrameKind.Challenge) when _theirs.Length == 0 => OnChallenge(payload, out answer),
            (false, FrameKind.Proof) when _hasChallenged => OnProof(payload, out answer),
            (true, FrameKind.Welcome) when _theirs.Length > 0 => OnWelcome(payload),
            _ => Fail("it does not speak our protocol"),
        };
    }

    private HandshakeStep OnHello(ReadOnlySpan<byte> payload, out (FrameKind, byte[])? answer)
    {
        answer = null;
        if (!TryIntroduce(payload))
        {
            return HandshakeStep.Failed;
        }

        _hasChallenged = true;
        answer = (FrameKind.Challenge, _own);
        return HandshakeStep.Continue;
    }

    private HandshakeStep OnChallenge(ReadOnlySpan<byte> payload, out (FrameKind, byte[])? answer)
    {
        answer = null;
        if (!TryIntroduce(payload))
        {
            return HandshakeStep.Failed;
        }

        // Before anything is signed: a stranger who listens where a node was could hand on another's challenge, and would get that one's link.
        if (!Peer!.Address.Equals(_dialled))
        {
            return Fail($"it calls itself {Peer.Address}");
        }

        answer = (FrameKind.Proof, Sign("dialler", 0));
        return HandshakeStep.Continue;
    }

    private HandshakeStep OnProof(ReadOnlySpan<byte> payload, out (FrameKind, byte[])? answer)
    {
        answer = null;
        if (!CryptographicOperations.FixedTimeEquals(payload, Sign("dialler", 0)))
        {
            return Fail("it does not know the secret");
        }

        var taken = _take!(Peer!);
        var verdict = taken ? (byte)1 : (byte)0;
        answer = (FrameKind.Welcome, [verdict, .. Sign("acceptor", verdict)]);
        return taken ? HandshakeStep.Done : HandshakeStep.Duplicate;
    }

    private HandshakeStep OnWelcome(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 1 + MacLength || !CryptographicOperations.FixedTimeEquals(payload[1..], Sign("acceptor", payload[0])))
        {
            return Fail("it does not know the secret");
        }

        return payload[0] == 1 ? HandshakeStep.Done : HandshakeStep.Duplicate;
    }

    private byte[] Sign(string role, byte verdict)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _secret);
        mac.AppendData(Encoding.ASCII.GetBytes(role));
        mac.AppendData([verdict, Frame.WireVersion]);
        Append(mac, IsDialler ? _own : _theirs);
        Append(mac, IsDialler ? _theirs : _own);
        Append(mac, _binding);
        return mac.GetHashAndReset();
    }

    private static void Append(IncrementalHash mac, byte[] part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        mac.AppendData(length);
        mac.AppendData(part);
    }

    /// <summary>System, identity and nonce of the other side, which must be another than this one.</summary>
    private bool TryIntroduce(ReadOnlySpan<byte> payload)
    {
        if (payload.Length <= NonceLength || !TryReadIntroduction(payload[..^NonceLength], out var system, out var identity, out var maxFrame))
        {
            Fail("it does not speak our protocol");
            return false;
        }

        if (system != _system)
        {
            Fail("it is of another actor system");
            return false;
        }

        // A mirror, or the way to another node's address led home.
        if (identity!.Uid == _self.Uid)
        {
            Fail($"it is this node itself: perhaps two nodes have the address {_self.Address}");
            return false;
        }

        _theirs = payload.ToArray();
        (Peer, PeerMaxFrame) = (identity, maxFrame);
        return true;
    }

    private static byte[] Introduction(HandshakeTerms terms)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(terms.System);
        writer.Write(terms.Self.Address.ToString());
        writer.Write(terms.Self.Uid);
        writer.Write(terms.MaxFrame);
        return stream.ToArray();
    }

    private static bool TryReadIntroduction(ReadOnlySpan<byte> bytes, out string system, out NodeIdentity? identity, out int maxFrame)
    {
        (system, identity, maxFrame) = ("", null, 0);
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes.ToArray()));
            system = reader.ReadString();
            if (!Address.TryParse(reader.ReadString(), out var address) || address!.Host is null)
            {
                return false;
            }

            identity = new NodeIdentity(address, reader.ReadInt64());
            maxFrame = reader.ReadInt32();
            return true;
        }
        catch (Exception broken) when (broken is EndOfStreamException or FormatException or ArgumentException or IOException)
        {
            return false;
        }
    }

    private HandshakeStep Fail(string why)
    {
        Failure = why;
        return HandshakeStep.Failed;
    }
}

/// <summary>What both sides of a link must agree on, who this one is, and the longest payload that it takes.</summary>
internal sealed record HandshakeTerms(string System, NodeIdentity Self, byte[] Secret, int MaxFrame);
