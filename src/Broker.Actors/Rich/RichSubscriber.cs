using Broker.Actors.Channels;
using Broker.Actors.Presence;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;

namespace Broker.Actors.Rich;

/// <summary>
/// A rich client's subscription of one channel. All that the client hears of the channel, from the answer to its subscribing to the answer to its leaving, is written on the relay's turns:
/// so nothing live comes before the one or after the other.
/// </summary>
/// <param name="life">Whose publications it offers.</param>
/// <param name="goesOn">Where it stood at a relay that has failed; null for one that begins.</param>
internal sealed class RichSubscriber(SubscriptionLife life, StreamPosition? goesOn = null)
    : Subscriber(life.Owner, life.Join.Origin, goesOn is null ? life.Join.Mode : life.Join.IsPositioned ? JoinMode.Since : JoinMode.Live, goesOn ?? life.Join.Resume.Position)
{
    private List<Publication>? _missed;
    private bool _isWhole;
    private bool _isLive;
    private bool _isOver;
    private Farewell? _farewell;

    public RichJoin Join => life.Join;

    /// <summary>All up to here has been offered. Without an epoch: it has not joined.</summary>
    public StreamPosition Position { get; private set; } = goesOn ?? default;

    /// <summary>Nothing is offered any more.</summary>
    private bool IsOver => _isOver || life.IsLost;

    /// <summary>What it is told when its leave is taken.</summary>
    public void SayFarewell(Farewell farewell) => Volatile.Write(ref _farewell, farewell);

    public override ClientInfo? Member => Join.Member;

    public override bool WantsJoinLeave => Join.Options.JoinLeave == JoinLeave.Everybody || (Join.Options.JoinLeave == JoinLeave.WhoAsks && Join.WantsJoinLeave);

    public override StreamPosition SinceAt(StreamPosition live) => goesOn ?? Join.SinceAt(live);

    public override void Joining(StreamPosition position, bool recovered) => _isWhole = recovered;

    public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
    {
    }

    public override int Deliver(Dispatch dispatch)
    {
        if (IsOver) return 0;

        var publications = dispatch.Batch.Publications;
        if (!_isLive)
        {
            (_missed ??= []).AddRange(publications);
            return publications.Count;
        }

        if (Join.IsPositioned && !Follow(publications))
        {
            life.Lose();
            return 0;
        }

        var count = Offer(dispatch);
        Position = dispatch.End;
        return count;
    }

    public override void JoinedLive(StreamPosition position)
    {
        if (IsOver) return;

        if (goesOn is not null && Join.IsPositioned && !_isWhole)
        {
            life.Lose();
            return;
        }

        // Only what has been told counts: if this fails, the relay does, and the client joins again from where it was.
        if (goesOn is null) life.Joined(Join.ResultAt(position, _isWhole, _missed ?? []));
        else if (_missed is not null) Offer(new Dispatch(new RelayBatch(_missed), null));
        _missed = null;
        _isLive = true;
        Position = position;
    }

    public override void MembersChanged(MembersChange change)
    {
        if (_isLive && !IsOver) life.Offer(life.Output.Framing.Members(Join.Name, change));
    }

    public override void Left()
    {
        if (_isOver) return;

        _isOver = true;
        Owner.Tell(new SubscriberLeft(this), ActorRefs.NoSender);
        if (Volatile.Read(ref _farewell) is { } farewell) life.Ended(farewell, _isLive || goesOn is not null);
    }

    private bool Follow(IReadOnlyList<Publication> publications)
    {
        var (first, last) = (publications[0].Position, publications[^1].Position);
        return first.Epoch == Position.Epoch && last.Epoch == Position.Epoch && first.Offset == Position.Offset + 1 && last.Offset == Position.Offset + publications.Count;
    }

    private int Offer(Dispatch dispatch)
    {
        var encoded = dispatch.Batch.Encode(life.Output.Framing.Publications(Join.Options.History is not null));
        var publications = dispatch.Batch.Publications;
        if (!Join.Options.ExcludePublisher || !dispatch.IsFrom(Origin))
        {
            life.Offer(encoded.Slice(0, publications.Count), dispatch.Unwritten);
            return publications.Count;
        }

        var given = 0;
        for (var i = 0; i < publications.Count; i++)
        {
            if (publications[i].Origin == Origin) continue;
            life.Offer(encoded.Slice(i, 1), dispatch.Unwritten);
            given++;
        }

        return given;
    }
}

/// <summary>What a subscription that ends is to say.</summary>
/// <param name="Frame">To one that has joined.</param>
/// <param name="Refusal">To one that has not: its answer; empty for the same.</param>
internal sealed record Farewell(ReadOnlyMemory<byte> Frame, ReadOnlyMemory<byte> Refusal);

/// <summary>A subscription has ended as its actor wanted.</summary>
internal sealed record SubscriberLeft(RichSubscriber Subscriber);
