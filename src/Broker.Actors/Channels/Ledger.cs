using Broker.Actors.Redis;
using Broker.Actors.Settings;

namespace Broker.Actors.Channels;

/// <summary>
/// Decides, for one channel with history, what is appended next and what is delivered: live order, history order and offset order are one, and
/// nothing is appended twice. No actor, no Redis, no clock: <see cref="ChannelActor"/> carries out what it says.
/// </summary>
/// <remarks>
/// The life of an owner: <see cref="Begin"/> → <see cref="Subscribed"/> → <see cref="BeginTakeOver"/> → script → <see cref="TakenOver"/>, and the script's mark among the arrivals →
/// read the history up to there (<see cref="CaughtUp"/>) → if there is a last message that no history has held, prove it (<see cref="Passed"/>) → owning: one script at a time (<see cref="NextAppend"/>, <see cref="Appended"/>).
/// After a failure whose outcome is unknown it is <see cref="BeginTakeOver"/> again.
/// </remarks>
internal sealed class Ledger(ChannelName channel, HistoryLimits limits, Room room)
{
    /// <summary>One script's share: Redis does nothing else meanwhile.</summary>
    public const int MaxBatchCount = 512;

    public const int MaxBatchBytes = 1024 * 1024;

    /// <summary>Listening: subscribed, but what arrives cannot be judged before a take-over's mark has been seen.</summary>
    private enum Phase { Lost, Listening, CatchingUp, Proving, Owning }

    private Phase _phase = Phase.Lost;
    private long _token;
    private long _target;

    // The newest offset that an answer has named: what stands there and below is in no doubt.
    private long _settled;
    private readonly WaitingEntries _waiting = new();
    private List<LedgerEntry>? _underWay;

    private readonly List<Heard> _heard = [];
    private readonly HashSet<string> _epochs = [];
    private readonly PublishIds _ids = new(limits.Size);
    private readonly ExpectedCopies _copies = new();
    private readonly Room _room = room;
    private readonly Doubtful _doubtful = new(room);

    // By epoch, as far as relays have told.
    private readonly Dictionary<string, long> _delivered = [];
    private bool _isContradicted;
    private string? _unknownLast;

    /// <summary>The newest publication that was delivered.</summary>
    public StreamPosition Position { get; private set; } = new("", 0);

    /// <summary>A later owner has shown itself: nothing that this one does takes effect any more.</summary>
    public bool IsSuperseded { get; private set; }

    /// <summary>Publications that could not be delivered: gone from the history, or more than may wait.</summary>
    public long Missed { get; private set; }

    /// <summary>More has been published by others than may wait: it is dropped, and counted as missed.</summary>
    public bool IsFull => _room.IsFull;

    /// <summary>A script's answer is awaited. Ownership must not be taken before it has come or failed: its outcome would be told too late.</summary>
    public bool IsAppending => _underWay is not null;

    public bool IsOwning => _phase == Phase.Owning;

    /// <summary>The take-over's script has been carried out; its mark has not arrived.</summary>
    public bool AwaitsMark => _phase == Phase.Listening && _token > 0;

    /// <summary>Subscribed and not lost: what is published now will be appended.</summary>
    public bool Accepts => _phase != Phase.Lost;

    public bool IsIdle => _waiting.IsEmpty && _underWay is null && _doubtful.Count == 0;

    /// <summary>Nothing that others have published is held: with <see cref="IsIdle"/> so must this be, or room leaks.</summary>
    public bool HoldsNothingForeign => _room.IsEmpty;

    /// <summary>Redis has lost what was delivered, or may have: only another take-over can tell, or end the epoch.</summary>
    public bool MustTakeOver => _isContradicted || (_phase == Phase.Owning && Delivered > Position.Offset);

    private long Delivered => Math.Max(Position.Offset, _delivered.GetValueOrDefault(Position.Epoch));

    /// <summary>The history must be read after <see cref="Position"/> before anything else is done.</summary>
    public bool NeedsHistory => _phase == Phase.CatchingUp && Position.Offset < _target;

    /// <summary>
    /// There is a last message that no history has held, and its publication has not arrived: <see cref="Passed"/> is to be called when all that Redis has published by now has.
    /// </summary>
    public bool NeedsFence => _phase == Phase.Proving;

    /// <summary>Where the channel stood before it was subscribed: what is newer may be among the first arrivals.</summary>
    public void Begin(StreamPosition? before)
    {
        Position = before ?? new StreamPosition("", 0);
        _epochs.Add(Position.Epoch);
    }

    /// <summary>
    /// A relay has delivered this much, under this owner or a former one. A meta that stands below it, in the same epoch, has been lost and came back old: what is counted from there
    /// on is something else.
    /// </summary>
    public void RelayHasDelivered(StreamPosition position)
    {
        if (position.Offset <= _delivered.GetValueOrDefault(position.Epoch)) return;

        _delivered[position.Epoch] = position.Offset;

        // What is appended meanwhile counts on from too low: afterwards the script could not tell any more.
        _isContradicted |= _underWay is not null && position.Epoch == Position.Epoch && position.Offset > Position.Offset;
    }

    /// <summary>Redis has confirmed the subscription: everything from here on is listened to, whenever ownership is taken.</summary>
    public void Subscribed() => Listen();

    /// <summary>Ownership is to be taken (again). The order for the script comes back; its mark must be seen on the subscription.</summary>
    public TakeOver BeginTakeOver(string newEpoch)
    {
        Listen();
        return new TakeOver(newEpoch, Position.Epoch.Length > 0 ? Position with { Offset = Delivered } : null, limits.Size, _isContradicted);
    }

    /// <summary>The script's answer. A former epoch that has come back is believed no more than one that was contradicted (<see cref="MustTakeOver"/>).</summary>
    public void TakenOver(TakenOver answer)
    {
        if (_phase != Phase.Listening) return;

        _isContradicted = answer.Position.Epoch != Position.Epoch && !_epochs.Add(answer.Position.Epoch);
        if (_isContradicted) return;

        _token = answer.Token;
        _unknownLast = answer.UnknownLast;
        _target = answer.Position.Offset;
        if (answer.Position.Epoch != Position.Epoch) (Position, _settled) = (new StreamPosition(answer.Position.Epoch, 0), 0);
        _ids.Reset(answer.PublishIds);
        JudgeWhenMarked();
    }

    /// <summary>
    /// All has arrived that was published before. A last message whose publication is not among what waits was published while nobody listened: what is counted from here on is
    /// something else.
    /// </summary>
    public void Passed()
    {
        if (_phase != Phase.Proving) return;

        _isContradicted = !HasHeardLast();
        if (!_isContradicted) Own();
    }

    public void Arrived(Arrival arrival)
    {
        if (_phase == Phase.Lost) return;

        if (arrival.IsMark) Marked(arrival.Payload);
        else if (_copies.Take(arrival.Payload)) return;
        else if (!_room.TryTake(arrival.Payload)) Missed++;
        else Hear(arrival.Payload);
    }

    /// <summary>A publication of our own side. Held until it is appended; ticket comes back with the answer.</summary>
    public void Publish(OutgoingPublication publication, object ticket) => _waiting.Add(new LedgerEntry(publication, ticket));

    /// <summary>A page of the history after <see cref="Position"/>. False: the history is not the one that was taken over; take over again.</summary>
    public bool CaughtUp(HistoryPage page, List<Publication> deliver)
    {
        if (page.Position is not { } top || top.Epoch != Position.Epoch) return false;

        if (page.Oldest > Position.Offset + 1) Skip(page.Oldest - 1);

        foreach (var stored in page.Publications)
        {
            if (stored.Offset <= Position.Offset || stored.Offset > _target) continue;
            if (stored.PublishId is null && stored.Offset > _settled) _doubtful.Forget(stored.Payload);

            Deliver(stored.Offset, stored.Payload, stored.PublishId, stored.Origin, stored.Shared, deliver);
        }

        // An empty page from before the take-over says nothing about what came since.
        if (page.Publications.Count == 0 && Position.Offset < _target) return false;

        FinishCatchingUp();
        return true;
    }

    /// <summary>
    /// What to append now, or null: a script is under way, nothing waits, or the channel is not owned. Publications whose id the history holds need no script: they come
    /// back in <paramref name="answered"/> with their first offset.
    /// </summary>
    public Append? NextAppend(List<Answer> answered)
    {
        if (_phase != Phase.Owning || _underWay is not null || IsSuperseded) return null;

        var batch = new List<LedgerEntry>();
        var ids = new HashSet<string>();
        var bytes = 0;
        while (batch.Count < MaxBatchCount && _waiting.TryPeek(out var entry))
        {
            var id = entry.Publication.PublishId;
            if (id is not null && _ids.Find(id) is { } known)
            {
                answered.Add(new Answer(entry.Ticket!, Position with { Offset = known }));
                _waiting.Take();
                continue;
            }

            // A repeat within the batch waits for the first one's offset.
            if (id is not null && !ids.Add(id)) break;
            if (batch.Count > 0 && bytes + entry.Publication.Payload.Length > MaxBatchBytes) break;

            bytes += entry.Publication.Payload.Length;
            batch.Add(_waiting.Take());
        }

        if (batch.Count == 0) return null;

        _underWay = batch;
        return new Append(_token, Position.Epoch, limits, batch.ConvertAll(entry => entry.Publication), Position.Offset);
    }

    /// <summary>The script's answer. False: take over again (the meta is gone), or stop (<see cref="IsSuperseded"/>).</summary>
    public bool Appended(Appended answer, List<Publication> deliver, List<Answer> answered)
    {
        var batch = _underWay ?? throw new InvalidOperationException("no script was under way");
        _underWay = null;

        if (answer.Outcome != AppendOutcome.Appended)
        {
            _waiting.AddInFront(batch);
            IsSuperseded |= answer.Outcome == AppendOutcome.Superseded;
            if (_phase != Phase.Lost) Listen();
            return false;
        }

        _settled = answer.FirstOffset + batch.Count - 1;

        for (var i = 0; i < batch.Count; i++)
        {
            var offset = answer.FirstOffset + i;
            if (batch[i].Publication.Foreign) _room.Free(batch[i].Publication.Payload);
            if (batch[i].Publication.PublishId is { } id) _ids.Add(offset, id);
            if (batch[i].Ticket is { } ticket) answered.Add(new Answer(ticket, Position with { Offset = offset }));
        }

        if (_phase != Phase.Owning) return true;

        if (answer.FirstOffset != Position.Offset + 1)
        {
            // Somebody's publications lie in between: the history tells which.
            _target = _settled;
            _phase = Phase.CatchingUp;
            return _target > Position.Offset;
        }

        for (var i = 0; i < batch.Count; i++)
        {
            var publication = batch[i].Publication;
            Deliver(answer.FirstOffset + i, publication.Payload, publication.PublishId, publication.Origin, publication.Shared, deliver);
        }

        return true;
    }

    /// <summary>The script failed and may have been carried out: its own publications fail, its foreign ones are looked for in the history later.</summary>
    public IReadOnlyList<object> AppendFailed()
    {
        var failed = new List<object>();
        foreach (var entry in _underWay ?? []) Doubt(entry, failed);
        _underWay = null;
        if (_phase != Phase.Lost) Listen();
        return failed;
    }

    /// <summary>The subscription is lost. What waits and is ours fails (it was not sent); foreign publications are kept.</summary>
    public IReadOnlyList<object> Lost()
    {
        Listen();
        _phase = Phase.Lost;
        _copies.Clear();
        foreach (var heard in _heard) if (heard.Token == 0) _doubtful.Add(heard.Payload);
        _heard.Clear();
        return RefuseWaiting();
    }

    /// <summary>Ownership cannot be had for now: what waits and is ours fails, it was not sent.</summary>
    public IReadOnlyList<object> RefuseWaiting() => _waiting.TakeOwn();

    /// <summary>True while a payload equal to this one was taken in and not yet delivered.</summary>
    public bool Holds(ReadOnlySpan<byte> payload)
    {
        foreach (var entry in _underWay ?? []) if (payload.SequenceEqual(entry.Publication.Payload)) return true;
        foreach (var heard in _heard) if (heard.Token == 0 && payload.SequenceEqual(heard.Payload)) return true;
        return _waiting.Holds(payload) || _doubtful.Holds(payload);
    }

    /// <summary>Ownership is in doubt: so is whether another owner has appended, or will, what is foreign and waits.</summary>
    private void Listen()
    {
        _phase = Phase.Listening;
        _token = 0;
        foreach (var payload in _waiting.TakeForeign()) _doubtful.Add(payload);
    }

    private void Hear(byte[] payload)
    {
        if (_phase == Phase.Listening)
        {
            _heard.Add(new Heard(payload, 0));
            return;
        }

        _waiting.Add(LedgerEntry.Foreign(payload));
        if (_phase == Phase.Proving && LastDigest.Of(payload) == _unknownLast) Own();
    }

    private void Marked(byte[] bytes)
    {
        if (Mark.Parse(bytes) is not { } mark) return;

        _copies.Expect(mark.Digests);
        if (_phase == Phase.Listening)
        {
            if (mark.Digests.Count == 0) _heard.Add(new Heard([], mark.Token));
            if (mark.Token == _token) JudgeWhenMarked();
        }
        else if (mark.Token > _token)
        {
            IsSuperseded = true;
        }
    }

    private void JudgeWhenMarked()
    {
        var mark = _heard.FindIndex(heard => heard.Token == _token);
        if (mark < 0) return;

        // A former owner could still append what arrived before our mark; after it nobody but us can.
        for (var i = 0; i < _heard.Count; i++)
        {
            if (_heard[i].Token > _token) IsSuperseded = true;
            else if (_heard[i].Token > 0) continue;
            else if (i < mark) _doubtful.Add(_heard[i].Payload);
            else _waiting.Add(LedgerEntry.Foreign(_heard[i].Payload));
        }

        _heard.Clear();
        _phase = Phase.CatchingUp;
        FinishCatchingUp();
    }

    /// <summary>What the history has already let go cannot be delivered, nor can it be told whether foreign publications in doubt were among it.</summary>
    private void Skip(long upTo)
    {
        var gone = upTo - Position.Offset;
        Missed += gone;
        _doubtful.ForgetOldest(gone);
        Position = Position with { Offset = upTo };
    }

    private void FinishCatchingUp()
    {
        if (Position.Offset < _target) return;

        if (HasHeardLast()) Own();
        else _phase = Phase.Proving;
    }

    /// <summary>Foreign publishers set the last message before or after they publish: then it is no loss, but a publication to append.</summary>
    private bool HasHeardLast() =>
        _unknownLast is null || _doubtful.Payloads.Concat(_waiting.Foreign).Any(payload => LastDigest.Of(payload) == _unknownLast);

    private void Own()
    {
        _phase = Phase.Owning;
        _unknownLast = null;
        if (_doubtful.Count > 0) _waiting.AddInFront(_doubtful.TakeAll().Select(LedgerEntry.Foreign));
    }

    private void Deliver(long offset, byte[] payload, string? id, string? origin, bool shared, List<Publication> deliver)
    {
        Position = Position with { Offset = offset };
        deliver.Add(new Publication(channel, Position, payload, id, origin, shared));
    }

    private void Doubt(LedgerEntry entry, List<object> failed)
    {
        if (entry.Ticket is { } ticket) failed.Add(ticket);
        else _doubtful.Add(entry.Publication.Payload);
    }

    /// <summary>A foreign payload, or a take-over's mark (token above 0).</summary>
    private readonly record struct Heard(byte[] Payload, long Token);

    /// <summary>Where a publication of our own side has its place.</summary>
    public readonly record struct Answer(object Ticket, StreamPosition Position);
}
