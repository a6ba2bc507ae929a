using Broker.Actors.Channels;

namespace Broker.Actors.Relays;

/// <summary>
/// Puts what a relay is sent into the channel's order: nothing twice, nothing out of order, and no gap goes unnoticed.
/// </summary>
internal sealed class Sequence
{
    /// <summary>Publications that may be held while a gap is filled; more is fetched again later.</summary>
    public const int MaxAhead = 4096;

    private readonly List<Publication> _ahead = [];
    private long _told;

    /// <summary>The newest publication that was passed on.</summary>
    public StreamPosition Position { get; private set; } = new("", 0);

    public bool IsKnown => Position.Epoch.Length > 0;

    /// <summary>What lies after <see cref="Position"/> must be fetched before anything can go on.</summary>
    public bool HasGap { get; private set; }

    /// <summary>Publications that nobody can give any more, and changes of epoch.</summary>
    public long Lost { get; private set; }

    /// <summary>How many were lost since this was asked last.</summary>
    public long TakeLost()
    {
        var lost = Lost - _told;
        _told = Lost;
        return lost;
    }

    /// <summary>Begins at a position: what came before is nobody's concern here.</summary>
    public void StartAt(StreamPosition position) => Position = position;

    /// <summary>The owner says where the channel stands.</summary>
    /// <param name="position">Its newest publication.</param>
    /// <param name="hasHistory">What is missing can be fetched.</param>
    public void Stands(StreamPosition position, bool hasHistory)
    {
        if (position.Epoch != Position.Epoch) Turn(position, hasHistory);
        else if (position.Offset > Position.Offset) Skip(position.Offset, hasHistory);
    }

    /// <summary>What of these can be passed on now, in order.</summary>
    public IReadOnlyList<Publication> Take(IReadOnlyList<Publication> items, bool hasHistory)
    {
        if (items.Count == 0) return items;

        var first = items[0].Position;
        if (first.Epoch != Position.Epoch) Turn(first with { Offset = first.Offset - 1 }, hasHistory);

        if (!HasGap && first.Offset == Position.Offset + 1 && items[^1].Position.Offset == Position.Offset + items.Count)
        {
            Position = items[^1].Position;
            return items;
        }

        var next = new List<Publication>();
        foreach (var item in items) Place(item, hasHistory, next);
        return next;
    }

    /// <summary>An answer to the question for what is missing.</summary>
    public IReadOnlyList<Publication> Filled(Missed missed)
    {
        var next = new List<Publication>();
        if (missed.Whole)
        {
            foreach (var item in missed.Items)
            {
                if (item.Position.Epoch != Position.Epoch || item.Position.Offset != Position.Offset + 1) continue;
                Position = item.Position;
                next.Add(item);
            }
        }
        else if (missed.Position.Epoch.Length > 0)
        {
            // It cannot be told what was missed: go on with what came meanwhile, or from where the channel stands.
            var held = _ahead.Count > 0 && _ahead[0].Position.Epoch == missed.Position.Epoch ? _ahead[0].Position.Offset - 1 : long.MaxValue;
            GoTo(missed.Position with { Offset = Math.Min(held, missed.Position.Offset) });
        }

        if (missed.More) return next;

        // A page may be lost on the way: then what it held is still missing.
        HasGap = missed.Whole && missed.Position.Epoch == Position.Epoch && missed.Position.Offset > Position.Offset;
        if (HasGap) return next;

        var ahead = _ahead.ToArray();
        _ahead.Clear();
        foreach (var item in ahead) Place(item, hasHistory: true, next);
        return next;
    }

    private void GoTo(StreamPosition position)
    {
        if (position.Epoch != Position.Epoch) Lost++;
        else if (position.Offset > Position.Offset) Lost += position.Offset - Position.Offset;
        else return;

        Position = position;
    }

    private void Place(Publication item, bool hasHistory, List<Publication> next)
    {
        if (item.Position.Epoch == Position.Epoch && item.Position.Offset <= Position.Offset) return;

        if (!HasGap && item.Position.Offset > Position.Offset + 1) Skip(item.Position.Offset - 1, hasHistory);
        if (HasGap)
        {
            if (_ahead.Count < MaxAhead) _ahead.Add(item);
            return;
        }

        Position = item.Position;
        next.Add(item);
    }

    private void Skip(long upTo, bool hasHistory)
    {
        if (hasHistory)
        {
            HasGap = true;
            return;
        }

        Lost += upTo - Position.Offset;
        Position = Position with { Offset = upTo };
    }

    /// <summary>Another epoch. With history all of it is new to us; without, what came before is lost, and how much nobody knows.</summary>
    private void Turn(StreamPosition position, bool hasHistory)
    {
        var known = IsKnown;
        _ahead.Clear();
        if (known) Lost++;

        Position = hasHistory && known ? position with { Offset = 0 } : position;
        HasGap = hasHistory && known && position.Offset > 0;
    }
}
