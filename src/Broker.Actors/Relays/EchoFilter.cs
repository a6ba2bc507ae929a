using Broker.Actors.Channels;

namespace Broker.Actors.Relays;

/// <summary>
/// Which publications of a batch a ws4redis connection gets. Without <c>echo</c> a connection has one slot per channel: the newest payload, in channel order, that it sent or was
/// sent. Its own publications set the slot and are not dispatched; a publication equal to the slot is not dispatched.
/// </summary>
/// <remarks>
/// After a batch every connection's slot is the batch's last payload, whatever it was given of it. So a relay keeps one slot for all, and only connections that came since
/// the last batch have another. That stays true where an outbox conflates: it drops publications, never the newest of a channel, and that is the slot. At worst a client is given
/// a payload that it has, when what came in between was dropped.
/// </remarks>
internal static class EchoFilter
{
    /// <summary>All that has content: an empty message is none to a ws4redis client.</summary>
    public static IReadOnlyList<Run> Everything(IReadOnlyList<Publication> batch)
    {
        var runs = default(RunList);
        for (var i = 0; i < batch.Count; i++) if (batch[i].Payload.Length > 0) runs.Add(i);
        return runs.Result;
    }

    /// <param name="batch">In channel order.</param>
    /// <param name="slot">The connection's slot before the batch; null when it has none.</param>
    /// <param name="origin">The connection's own id; null for a client that published none of the batch.</param>
    public static IReadOnlyList<Run> Filtered(IReadOnlyList<Publication> batch, ReadOnlyMemory<byte>? slot, string? origin)
    {
        var runs = default(RunList);
        for (var i = 0; i < batch.Count; i++)
        {
            var publication = batch[i];
            if (publication.Payload.Length == 0) continue;

            var own = origin is not null && publication.Origin == origin;
            var repeated = slot is { } last && last.Span.SequenceEqual(publication.Payload.Span);
            if (!own && !repeated) runs.Add(i);

            slot = publication.Payload;
        }

        return runs.Result;
    }

    /// <summary>The slot after a batch, the same for every connection.</summary>
    public static ReadOnlyMemory<byte>? SlotAfter(IReadOnlyList<Publication> batch, ReadOnlyMemory<byte>? slot)
    {
        for (var i = batch.Count - 1; i >= 0; i--) if (batch[i].Payload.Length > 0) return batch[i].Payload;
        return slot;
    }

    /// <summary>Most batches are one run, and most of those one publication.</summary>
    private struct RunList
    {
        private static readonly Run[] OnlyOne = [new Run(0, 1)];

        private Run _last;
        private List<Run>? _before;

        public readonly IReadOnlyList<Run> Result => _before is { } before ? [.. before, _last] : _last.Count == 0 ? [] : _last == OnlyOne[0] ? OnlyOne : [_last];

        public void Add(int index)
        {
            if (_last.Count > 0 && _last.First + _last.Count == index)
            {
                _last = _last with { Count = _last.Count + 1 };
                return;
            }

            if (_last.Count > 0) (_before ??= []).Add(_last);
            _last = new Run(index, 1);
        }
    }
}

/// <summary>Neighbouring publications of a batch.</summary>
internal readonly record struct Run(int First, int Count);
