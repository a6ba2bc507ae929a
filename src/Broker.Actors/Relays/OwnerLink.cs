using Broker.Actors.Channels;

namespace Broker.Actors.Relays;

/// <summary>
/// A relay's link to its channel's owner: who that is, whether it must be attached to again, where the relay stands in the channel's order, and what is asked for when something is
/// missing. Decides; the relay acts.
/// </summary>
internal sealed class OwnerLink(TimeSpan silentAfter)
{
    /// <summary>A question that is not answered for so long is lost, or its answer.</summary>
    public static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(5);

    private readonly Sequence _sequence = new();
    private TimeSpan _heard;
    private TimeSpan _fillingSince;
    private long _tickets;
    private long _filling;

    public IActorRef? Owner { get; private set; }

    /// <summary>The owner gets what is published: what it sends counts from here on. Stays so when the owner is lost.</summary>
    public bool IsReady { get; private set; }

    /// <summary>How many publications the owner's history keeps; 0 without one.</summary>
    public int HistorySize { get; private set; }

    public bool HasHistory => HistorySize > 0;

    /// <summary>The newest publication that was passed on.</summary>
    public StreamPosition Position => _sequence.Position;

    /// <summary>Something before what comes now is missing and asked for.</summary>
    public bool HasGap => _sequence.HasGap;

    /// <summary>What a former owner sends would be the same again, or older.</summary>
    public bool IsOwner(IActorRef sender) => Owner is not null && sender.Equals(Owner);

    public void Heard(TimeSpan now) => _heard = now;

    /// <summary>It should have said where the channel stands long ago: attach again.</summary>
    public bool IsSilent(TimeSpan now) => now - _heard > silentAfter;

    /// <summary>For a question to the owner.</summary>
    public long NextTicket() => ++_tickets;

    /// <summary>Somebody has answered as the channel's owner.</summary>
    public Meeting Meet(IActorRef owner, int historySize)
    {
        HistorySize = historySize;
        if (Owner is not null) return owner.Equals(Owner) ? Meeting.Known : Meeting.Another;

        Owner = owner;
        _filling = 0;
        return Meeting.New;
    }

    /// <summary>It is gone, or does not know the relay. Returns who it was.</summary>
    public IActorRef? Lose()
    {
        var former = Owner;
        Owner = null;
        return former;
    }

    /// <summary>The owner stands there: what is missing up to it is a gap. The first time the relay begins there.</summary>
    public void Stands(StreamPosition position)
    {
        if (_sequence.IsKnown) _sequence.Stands(position, HasHistory);
        else _sequence.StartAt(position);
        IsReady = true;
    }

    /// <summary>What of these can be passed on now, in order.</summary>
    public IReadOnlyList<Publication> Take(IReadOnlyList<Publication> items) => IsReady ? _sequence.Take(items, HasHistory) : [];

    /// <summary>What to ask for now, since something is missing; null if nothing is, or it is asked already.</summary>
    public (long Ticket, StreamPosition Since)? AskForMissing(TimeSpan now)
    {
        if (!HasGap || Owner is null || (_filling != 0 && now - _fillingSince < AnswersWithin)) return null;

        (_filling, _fillingSince) = (NextTicket(), now);
        return (_filling, Position);
    }

    /// <summary>What can be passed on with this answer; null if it answers something else.</summary>
    public IReadOnlyList<Publication>? Filled(Missed missed)
    {
        if (_filling == 0 || missed.Ticket != _filling) return null;

        _filling = 0;
        return _sequence.Filled(missed);
    }

    /// <summary>How many publications were lost since this was asked last.</summary>
    public long TakeLost() => _sequence.TakeLost();

    public enum Meeting
    {
        /// <summary>The owner, once more.</summary>
        Known,

        /// <summary>There was none: questions to a former one must be asked again.</summary>
        New,

        /// <summary>There was one, and this is another: let it go and attach again.</summary>
        Another,
    }
}
