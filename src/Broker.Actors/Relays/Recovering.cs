using Broker.Actors.Channels;

namespace Broker.Actors.Relays;

/// <summary>
/// A subscriber that came with a position: collects what it missed, page by page, and what is passed on meanwhile.
/// </summary>
internal sealed class Recovering(Subscriber subscriber, DateTimeOffset askedAt)
{
    private readonly List<Publication> _missed = [];
    private readonly List<Publication> _held = [];
    private long _next = subscriber.Since.Offset + 1;

    public Subscriber Subscriber { get; } = subscriber;

    public DateTimeOffset AskedAt { get; } = askedAt;

    public void Hold(IReadOnlyList<Publication> items) => _held.AddRange(items);

    /// <summary>A page of the answer. False: a page before it has been lost on the way, ask again.</summary>
    public bool Take(Missed page)
    {
        if (page.Items.Count == 0) return !page.Whole || page.Position.Offset == _next - 1;
        if (page.Items[0].Position.Offset != _next) return false;

        _missed.AddRange(page.Items);
        _next = page.Items[^1].Position.Offset + 1;
        return true;
    }

    /// <summary>
    /// What was missed, then what came meanwhile, up to where the relay stands: what lies behind that comes live. Nothing at all if it cannot be whole.
    /// </summary>
    public IReadOnlyList<Publication> Merge(Missed answer, StreamPosition live)
    {
        if (!answer.Whole) return [];

        var end = answer.Position;
        var merged = _missed.Where(missed => missed.Position.Epoch != live.Epoch || missed.Position.Offset <= live.Offset).ToList();
        merged.AddRange(_held.Where(held => held.Position.Epoch != end.Epoch || held.Position.Offset > end.Offset));
        return merged;
    }
}
