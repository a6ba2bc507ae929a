using Broker.Actors.Channels;
using Broker.Actors.Settings;

namespace Broker.Actors.Relays;

/// <summary>
/// A subscriber that came with a position: collects what it missed, a page at a time, and what is passed on while a page is read. All of it or nothing, and never more than
/// the limits: who has missed more must load the state anew.
/// </summary>
internal sealed class Recovering(Subscriber subscriber, StreamPosition since, RecoveryLimits limits)
{
    private readonly List<Publication> _missed = [];
    private readonly List<Publication> _held = [];
    private StreamPosition _position = since;
    private long _missedBytes;
    private long _heldBytes;
    private bool _whole = true;
    private bool _isAnswered;

    public Subscriber Subscriber { get; } = subscriber;

    /// <summary>Where it stood.</summary>
    public StreamPosition Since { get; } = since;

    public TimeSpan AskedAt { get; private set; }

    /// <summary>It cannot be whole any more, or is more than may be collected.</summary>
    public bool HasFailed => !_whole || _missed.Count + _held.Count > limits.Publications || _missedBytes + _heldBytes > limits.Bytes;

    /// <summary>Known without a question: it has missed more than may be recovered.</summary>
    public bool IsTooFarBehind(StreamPosition live) => live.Epoch == _position.Epoch && live.Offset - Since.Offset > limits.Publications;

    /// <summary>
    /// All that it missed is known, and the relay has yet to pass on some of what it has, from another node: it would be given that again.
    /// </summary>
    public bool IsAheadOf(StreamPosition live) => _isAnswered && !HasFailed && (live.Epoch != Since.Epoch || live.Offset < Since.Offset);

    /// <summary>It was ahead, and is not any more.</summary>
    public bool IsReachedBy(StreamPosition live) => _isAnswered && !IsAheadOf(live);

    /// <summary>After which position the next page is to be read; also when a question or its answer may be lost.</summary>
    public StreamPosition Ask(TimeSpan now)
    {
        // What has been passed on by now stands in the history, so that page or one after it brings it.
        _held.Clear();
        _heldBytes = 0;
        _isAnswered = false;
        AskedAt = now;
        return _position;
    }

    public void Hold(IReadOnlyList<Publication> items)
    {
        _held.AddRange(items);
        foreach (var item in items) _heldBytes += item.Weight;
    }

    /// <summary>The page that was asked for last.</summary>
    public void Take(Missed page)
    {
        _isAnswered = !page.More;
        _whole &= page.Whole && (page.Items.Count == 0 || page.Items[0].Position == _position with { Offset = _position.Offset + 1 });
        if (!_whole || page.Items.Count == 0) return;

        _missed.AddRange(page.Items);
        foreach (var item in page.Items) _missedBytes += item.Weight;
        _position = page.Items[^1].Position;
    }

    /// <summary>
    /// What was missed, then what came meanwhile, up to where the relay stands: what lies behind that comes live. Nothing at all if it has failed.
    /// </summary>
    public IReadOnlyList<Publication> Merge(StreamPosition live)
    {
        if (HasFailed) return [];

        var merged = _missed.Where(missed => missed.Position.Epoch != live.Epoch || missed.Position.Offset <= live.Offset).ToList();
        merged.AddRange(_held.Where(held => held.Position.Epoch != _position.Epoch || held.Position.Offset > _position.Offset));
        return merged;
    }
}
