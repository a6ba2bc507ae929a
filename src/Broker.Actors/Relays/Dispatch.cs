using Broker.Actors.Channels;
using Broker.Actors.Connections;

namespace Broker.Actors.Relays;

/// <summary>
/// One batch on its way to a relay's subscribers, with what most of them get worked out once.
/// </summary>
internal sealed class Dispatch(RelayBatch batch, ReadOnlyMemory<byte>? slot)
{
    private IReadOnlyList<Run>? _everything;
    private IReadOnlyList<Run>? _withoutRepeats;
    private HashSet<string>? _origins;

    public RelayBatch Batch { get; } = batch;

    /// <summary>The newest publication of it.</summary>
    public StreamPosition End { get; } = batch.Publications[^1].Position;

    /// <summary>The newest payload before this batch: the slot of everybody who was there.</summary>
    public ReadOnlyMemory<byte>? Slot { get; } = slot;

    /// <summary>Some of it went to several channels in one call.</summary>
    public bool HasShared { get; } = Has(batch.Publications, static publication => publication.Shared);

    /// <summary>Some of it is more than an empty message, which sets no slot.</summary>
    public bool HasContent { get; } = Has(batch.Publications, static publication => publication.Payload.Length > 0);

    /// <summary>Where an outbox stands that has to be written yet; null: each is written at once.</summary>
    public List<Outbox>? Unwritten { get; set; }

    public IReadOnlyList<Run> Everything => _everything ??= EchoFilter.Everything(Batch.Publications);

    /// <summary>For subscribers whose slot is the relay's and who published none of it.</summary>
    public IReadOnlyList<Run> WithoutRepeats => _withoutRepeats ??= EchoFilter.Filtered(Batch.Publications, Slot, origin: null);

    public bool IsFrom(string origin)
    {
        _origins ??= [.. Batch.Publications.Select(publication => publication.Origin).OfType<string>()];
        return _origins.Count > 0 && _origins.Contains(origin);
    }

    /// <summary>Any, without an enumerator for each batch.</summary>
    private static bool Has(IReadOnlyList<Publication> publications, Predicate<Publication> what)
    {
        for (var i = 0; i < publications.Count; i++) if (what(publications[i])) return true;
        return false;
    }
}
