using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Relays;

/// <summary>
/// What a relay's clients publish on one channel, in order, in numbered batches of which one at a time is unanswered.
/// </summary>
internal sealed class PublishQueue(int maxCount, long maxBytes)
{
    private const int PerPublication = 96;

    private readonly LinkedList<Pending> _waiting = new();
    private List<Pending> _underWay = [];
    private long _bytes;

    /// <summary>The number of the batch that is under way, or else of the next one.</summary>
    public long NextNumber { get; private set; } = 1;

    public bool IsEmpty => _waiting.Count == 0 && _underWay.Count == 0;

    public bool IsUnderWay => _underWay.Count > 0;

    /// <summary>False when the queue is full.</summary>
    public bool Add(Pending pending)
    {
        if (_waiting.Count >= maxCount || _bytes + pending.Publication.Payload.Length > maxBytes) return false;

        _waiting.AddLast(pending);
        _bytes += pending.Publication.Payload.Length;
        return true;
    }

    /// <summary>The next batch, if none is under way and something waits.</summary>
    /// <param name="historySize">A batch that comes again, whole, to another owner is told by what the history holds: so it is no longer than that. 0 without history.</param>
    public (long Number, IReadOnlyList<OutgoingPublication> Publications)? Next(int historySize)
    {
        if (IsUnderWay || _waiting.Count == 0) return null;

        var batch = new List<Pending>();
        var maxBatch = historySize == 0 ? Ledger.MaxBatchCount : Math.Min(historySize, Ledger.MaxBatchCount);
        var size = 0;
        while (_waiting.First?.Value is { } pending)
        {
            size += pending.Publication.Payload.Length + PerPublication;
            if (batch.Count > 0 && (size > PublicationsFrame.MaxBytes || batch.Count >= maxBatch)) break;

            _waiting.RemoveFirst();
            _bytes -= pending.Publication.Payload.Length;
            batch.Add(pending);
        }

        _underWay = batch;
        return Again();
    }

    /// <summary>The batch that is under way, once more: it or its answer may be lost.</summary>
    public (long Number, IReadOnlyList<OutgoingPublication> Publications)? Again() =>
        IsUnderWay ? (NextNumber, _underWay.Select(pending => pending.Publication).ToArray()) : null;

    public IReadOnlyList<Pending> Published(long number)
    {
        if (number != NextNumber) return [];

        var done = _underWay;
        _underWay = [];
        NextNumber++;
        return done;
    }

    /// <summary>The batch was refused. Those that may be tried again wait, in front; the others come back.</summary>
    public IReadOnlyList<Pending> Refused(BatchRefused refused, TimeSpan now)
    {
        if (refused.Number != NextNumber) return [];

        if (refused.MayBePublished) Doubt();
        var failed = new List<Pending>();
        for (var i = _underWay.Count - 1; i >= 0; i--)
        {
            if (refused.MayRepeat && _underWay[i].Retry && _underWay[i].Until > now)
            {
                _waiting.AddFirst(_underWay[i]);
                _bytes += _underWay[i].Publication.Payload.Length;
            }
            else
            {
                failed.Add(_underWay[i]);
            }
        }

        _underWay = [];
        NextNumber++;
        failed.Reverse();
        return failed;
    }

    /// <summary>Nobody will say what became of the batch under way. With history it comes again, to the next owner; without it comes back.</summary>
    public IReadOnlyList<Pending> OwnerLost(bool hasHistory, TimeSpan now)
    {
        Doubt();
        return hasHistory || !IsUnderWay ? [] : Refused(new BatchRefused(NextNumber, MayRepeat: false, MayBePublished: true), now);
    }

    /// <summary>
    /// Those of the batch under way whose time was over before then, each once: what becomes of them nobody knows. The batch stays and comes again, as the owner may have taken it.
    /// </summary>
    public IReadOnlyList<Pending> GiveUp(TimeSpan before)
    {
        var givenUp = new List<Pending>();
        for (var i = 0; i < _underWay.Count; i++)
        {
            if (_underWay[i].Until > before || _underWay[i].Ticket == PublishTicket.GivenUp) continue;

            givenUp.Add(_underWay[i]);
            _underWay[i] = _underWay[i] with { Ticket = PublishTicket.GivenUp };
        }

        return givenUp;
    }

    /// <summary>Takes out what has waited too long.</summary>
    public IReadOnlyList<Pending> Expire(TimeSpan now)
    {
        var expired = new List<Pending>();
        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Until <= now)
            {
                expired.Add(node.Value);
                _bytes -= node.Value.Publication.Payload.Length;
                _waiting.Remove(node);
            }

            node = next;
        }

        return expired;
    }

    /// <param name="Until">How long it may wait to be sent, on the clock of <see cref="Settings.BrokerServices.Now"/>.</param>
    /// <param name="Retry">A refusal does not end it before that.</param>
    /// <param name="MayBePublished">An owner that never said so may have sent it.</param>
    public sealed record Pending(OutgoingPublication Publication, PublishTicket Ticket, TimeSpan Until, bool Retry, bool MayBePublished = false);

    private void Doubt()
    {
        for (var i = 0; i < _underWay.Count; i++) _underWay[i] = _underWay[i] with { MayBePublished = true };
    }
}
