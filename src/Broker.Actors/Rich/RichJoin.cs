using Broker.Actors.Channels;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;

namespace Broker.Actors.Rich;

/// <summary>What a rich client, or the server for it, wants of a channel: what it is told when it has joined is decided here.</summary>
/// <param name="Name">The channel as the client says it.</param>
/// <param name="Resume">Where it stood.</param>
/// <param name="Positioned">It asks for it.</param>
/// <param name="Lifetime">How long it may stay, as it is told.</param>
/// <param name="Origin">What its own publications carry.</param>
/// <param name="Member">Who it is to others; null where the channel knows no presence.</param>
/// <param name="WantsJoinLeave">It asks to be told who comes and goes.</param>
internal sealed record RichJoin(
    ChannelName Channel, string Name, ChannelOptions Options, Resume Resume, bool Positioned, Lifetime Lifetime, ReadOnlyMemory<byte> Data, string Origin,
    ClientInfo? Member, bool WantsJoinLeave)
{
    private bool Recoverable => Options.Recovery != RecoveryMode.Off;

    /// <summary>Its live publications are looked at: nothing may be missing.</summary>
    public bool IsPositioned => Recoverable || (Options.History is not null && (Options.Positioned || Positioned));

    /// <summary>Publications may be missing where newer ones follow.</summary>
    public bool OnlyNewestCounts => !IsPositioned || Options.Recovery == RecoveryMode.Cache;

    public JoinMode Mode => Resume.Recover && Recoverable ? JoinMode.Since : JoinMode.Live;

    /// <summary>Where what it missed begins.</summary>
    /// <param name="live">Where the channel stands.</param>
    public StreamPosition SinceAt(StreamPosition live)
    {
        // Of a cached channel the newest counts, wherever the client stood.
        if (Options.Recovery == RecoveryMode.Cache) return live with { Offset = Math.Max(0, live.Offset - 1) };

        // Who names no epoch takes the present one (as in Centrifugo): it knows the offset from elsewhere.
        return Resume.Position.Epoch.Length == 0 ? Resume.Position with { Epoch = live.Epoch } : Resume.Position;
    }

    /// <summary>What the client is told when it has joined.</summary>
    /// <param name="live">Where the channel stands: what comes after it is pushed.</param>
    /// <param name="isWhole">All from <see cref="SinceAt"/> on is there.</param>
    /// <param name="missed">That.</param>
    public SubscribeResult ResultAt(StreamPosition live, bool isWhole, IReadOnlyList<Publication> missed)
    {
        var isCache = Options.Recovery == RecoveryMode.Cache;
        var stoodThere = Resume.Position == live && live.Offset > 0;
        var recovered = Mode == JoinMode.Since && (isCache ? stoodThere || (isWhole && missed.Count > 0) : isWhole);

        IReadOnlyList<Publication> given = !recovered || (isCache && stoodThere) ? [] : isCache ? [missed[^1]] : missed;
        if (Options.ExcludePublisher) given = [.. given.Where(publication => publication.Origin != Origin)];

        // With publications to come it is told where it stood, and goes on by them (as in Centrifugo): one that is cut off in between does not skip them.
        var told = given.Count > 0 ? Resume.Position with { Epoch = live.Epoch } : live;
        return new SubscribeResult(Lifetime, Recoverable, IsPositioned, told, Resume.Recover, recovered, given, Data);
    }
}
