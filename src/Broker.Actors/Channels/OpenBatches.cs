namespace Broker.Actors.Channels;

/// <summary>Batches of relays that are not answered yet, because some of their publications have no position.</summary>
/// <param name="size">How many publications the history keeps, and with them their ids.</param>
internal sealed class OpenBatches(int size)
{
    private readonly Dictionary<(string Relay, long Number), Batch> _batches = [];

    public bool IsEmpty => _batches.Count == 0;

    /// <summary>The tickets of its publications, in order.</summary>
    public IReadOnlyList<Ticket> Open(string relay, long number, int count)
    {
        _batches[(relay, number)] = new Batch(count);
        return [.. Enumerable.Range(0, count).Select(index => new Ticket(relay, number, index))];
    }

    /// <summary>A publication has its place. The answer to the relay comes with the last one.</summary>
    public BatchPublished? Published(Ticket ticket, StreamPosition position)
    {
        if (!_batches.TryGetValue((ticket.Relay, ticket.Number), out var batch) || !batch.Answer(ticket.Index, position)) return null;

        _batches.Remove((ticket.Relay, ticket.Number));
        return new BatchPublished(ticket.Number, batch.Positions);
    }

    /// <summary>
    /// One publication has failed: the whole batch comes again, if the publish ids tell what need not be appended then. Null if that was said already.
    /// </summary>
    /// <param name="appended">How many publications a script of unknown outcome may have appended, this one among them; 0 if it was not sent.</param>
    public BatchRefused? Refused(Ticket ticket, int appended)
    {
        if (!_batches.Remove((ticket.Relay, ticket.Number), out var batch)) return null;

        // A batch is sent in its order: as long as its first publication was not, none was.
        var wasSent = appended > 0 || ticket.Index > 0;
        return new BatchRefused(ticket.Number, MayRepeat: !wasSent || Math.Max(appended, batch.Positions.Length) <= size, MayBePublished: wasSent);
    }

    /// <summary>One publication of a batch.</summary>
    public sealed record Ticket(string Relay, long Number, int Index);

    private sealed class Batch(int count)
    {
        private int _open = count;

        public StreamPosition[] Positions { get; } = new StreamPosition[count];

        /// <summary>True with the last one.</summary>
        public bool Answer(int index, StreamPosition position)
        {
            Positions[index] = position;
            return --_open == 0;
        }
    }
}
