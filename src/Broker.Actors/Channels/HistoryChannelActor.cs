using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Channels;

/// <summary>
/// A channel with history: every publication is appended by one script at a time, and what the scripts answer is what the relays get. <see cref="Ledger"/> decides, this carries
/// it out.
/// </summary>
internal sealed class HistoryChannelActor : ChannelActor
{
    /// <summary>What is read at once of what other owners have appended.</summary>
    private const int CatchUpCount = 512;

    private const int CatchUpBytes = 1024 * 1024;

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250);

    private readonly HistoryLimits _limits;
    private readonly OpenBatches _batches;
    private readonly Episode _owning = new();
    private readonly Episode _appending = new();
    private readonly Episode _recovering = new();
    private Ledger _ledger = null!;
    private TakingOver _takingOver;
    private bool _subscribed;
    private bool _owned;
    private bool _lost;
    private bool _reading;
    private bool _leaves;
    private bool _isFull;
    private long _missedCounted;
    private long _proof;

    public HistoryChannelActor(HistoryLimits limits, BrokerServices services) : base(services)
    {
        _limits = limits;
        _batches = new OpenBatches(limits.Size);

        ReceiveFromRedis<PositionRead>(OnPositionRead);
        ReceiveFromRedis<TakeOverDone>(OnTakeOverDone);
        ReceiveFromRedis<PageRead>(OnPageRead);
        ReceiveFromRedis<AppendDone>(OnAppendDone);
        ReceiveFromRedis<MissedRead>(OnMissedRead);
    }

    protected override StreamPosition Position => _ledger.Position;

    protected override int HistorySize => _limits.Size;

    protected override bool IsReady => _owned && IsSubscribed;

    protected override bool IsIdle => _ledger.IsIdle && _batches.IsEmpty;

    protected override void Start()
    {
        _ledger = new Ledger(Name, _limits, new Room(Services.Settings.Channel.Waiting));
        ReadPosition();
    }

    protected override void Confirmed()
    {
        _lost = false;
        _owning.End();
        _ledger.Subscribed();
        TakeOver();
    }

    protected override void Arrived(IReadOnlyList<Arrival> arrivals)
    {
        foreach (var arrival in arrivals) _ledger.Arrived(arrival);
        TellWhenFull();
        CountMissed();
        Proceed();
    }

    protected override void SubscriptionWasLost()
    {
        _lost = true;
        _owned = false;
        Refuse(_ledger.Lost());
    }

    protected override void Publish(PublishBatch batch)
    {
        if (_lost || (!_ledger.Accepts && !Services.Bus.IsConnected))
        {
            Answer(batch.Relay, batch.Number, BatchRefused.Unsent(batch.Number));
            return;
        }

        foreach (var (publication, ticket) in batch.Publications.Zip(_batches.Open(batch.Relay, batch.Number, batch.Publications.Count))) _ledger.Publish(publication, ticket);
        if (!_owned && !Timers.IsTimerActive(Tick.Refuse)) Timers.StartSingleTimer(Tick.Refuse, Tick.Refuse, Services.Settings.Redis.Timeout);
        Proceed();
    }

    protected override bool Holds(byte[] payload) => _ledger.Holds(payload);

    protected override void ReadMissed(ReadMissed order, IActorRef relay) =>
        Services.Bus.ReadHistoryAsync(Keys, order.Since.Offset, MissedPage.MaxCount, PublicationsFrame.MaxBytes)
            .PipeTo(
                Self,
                success: page => new MissedRead(Subscription, order, relay, page, null),
                failure: fault => new MissedRead(Subscription, order, relay, null, fault));

    protected override void Passed(long ticket)
    {
        if (ticket != _proof) return;

        _ledger.Passed();
        Proceed();
    }

    protected override void RelayHasDelivered(StreamPosition position)
    {
        _ledger.RelayHasDelivered(position);
        if (_ledger.MustTakeOver) TakeOver();
    }

    protected override void Tock(Tick tick)
    {
        if (_owned) return;

        if (tick == Tick.Refuse) Refuse(_ledger.RefuseWaiting());
        else if (!_subscribed) ReadPosition();
        else TakeOver();
    }

    private void ReadPosition() =>
        Services.Bus.ReadPositionAsync(Keys)
            .PipeTo(Self, success: position => new PositionRead(Subscription, position, null), failure: fault => new PositionRead(Subscription, null, fault));

    private void OnPositionRead(PositionRead read)
    {
        if (read.Fault is not null)
        {
            _lost = true;
            Refuse(_ledger.Lost());
            TryLater(_owning, read.Fault);
            return;
        }

        _ledger.Begin(read.Position);
        _subscribed = true;
        _lost = false;
        Subscribe();
    }

    private void TakeOver()
    {
        _owned = false;

        // The answer of a script that is still under way must be known first; two take-overs at once would supersede each other.
        if (!IsSubscribed || _ledger.IsAppending || _ledger.IsSuperseded) return;
        if (_takingOver != TakingOver.No)
        {
            _takingOver = TakingOver.Again;
            return;
        }

        // Whoever has the lease may be its owner. What this node appends as a former owner is refused by the script.
        if (!Services.MayOwnHistories)
        {
            Refuse(_ledger.RefuseWaiting());
            Timers.StartSingleTimer(Tick.TryAgain, Tick.TryAgain, Again);
            return;
        }

        _takingOver = TakingOver.Once;
        _proof = 0;
        var order = _ledger.BeginTakeOver(Epochs.New());
        Services.Bus.TakeOverAsync(Keys, order)
            .PipeTo(Self, success: answer => new TakeOverDone(Subscription, answer, null), failure: fault => new TakeOverDone(Subscription, null, fault));
    }

    private void OnTakeOverDone(TakeOverDone done)
    {
        var again = _takingOver == TakingOver.Again;
        _takingOver = TakingOver.No;
        if (again || !IsSubscribed)
        {
            TakeOver();
            return;
        }

        if (done.Answer is not { } answer)
        {
            Refuse(_ledger.RefuseWaiting());
            TryLater(_owning, done.Fault!);
            return;
        }

        if (answer.IsNewEpoch && Position.Offset > 0)
            Services.Log.LogWarning("The history of {Channel} was lost: a new epoch begins, clients are told", Name);

        _ledger.TakenOver(answer);

        // It may never come: when another Redis becomes the master, subscriptions and commands are at different ones for a while. It may also be late: not too soon, then.
        if (_ledger.AwaitsMark) Timers.StartSingleTimer(Tick.TryAgain, Tick.TryAgain, Services.Settings.Redis.Timeout + _owning.Failed());
        Proceed();
    }

    /// <summary>Does whatever the ledger allows now.</summary>
    private void Proceed()
    {
        if (_ledger.IsSuperseded)
        {
            Leave();
            return;
        }

        if (_ledger.MustTakeOver)
        {
            TakeOver();
            return;
        }

        if (_ledger.NeedsHistory)
        {
            ReadPage();
            return;
        }

        if (_ledger.NeedsFence)
        {
            if (_proof != 0) return;

            _proof = Fence();
            Timers.StartSingleTimer(Tick.TryAgain, Tick.TryAgain, Services.Settings.Redis.Timeout);
            return;
        }

        if (_ledger.IsOwning && !_owned)
        {
            _owned = true;
            _owning.End();
            BecameReady();
        }

        AppendNext();
    }

    private void Leave()
    {
        _owned = false;
        Refuse(_ledger.Lost());
        if (_leaves) return;

        _leaves = true;
        Services.Log.LogWarning("Another node owns {Channel} now", Name);
        Context.Parent.Tell(new Passivate(StopChannel.Instance));
    }

    /// <summary>Not at once: what is refused for good would be tried again without end. That Redis is away is said once for the whole node, elsewhere.</summary>
    private void TryLater(Episode episode, Exception? fault)
    {
        if (!episode.IsOpen && (fault is RedisRefusedException || (fault is not null && episode == _appending)))
            Services.Log.LogWarning("{What} {Channel} fails: {Reason}", episode == _appending ? "Publishing on" : "Owning the history of", Name, fault.Message);

        Timers.StartSingleTimer(Tick.TryAgain, Tick.TryAgain, episode.Failed());
    }

    private void ReadPage()
    {
        if (_reading) return;

        _reading = true;
        Services.Bus.ReadHistoryAsync(Keys, Position.Offset, CatchUpCount, CatchUpBytes)
            .PipeTo(Self, success: page => new PageRead(Subscription, page, null), failure: fault => new PageRead(Subscription, null, fault));
    }

    private void OnPageRead(PageRead read)
    {
        _reading = false;
        if (!_ledger.NeedsHistory) return;

        var deliver = new List<Publication>();
        if (read.Page is null || !_ledger.CaughtUp(read.Page, deliver))
        {
            _owned = false;
            TryLater(_owning, read.Fault);
            return;
        }

        Deliver(deliver);
        ReportMissed();
        AnswerParked();
        Proceed();
    }

    private void AppendNext()
    {
        var answered = new List<Ledger.Answer>();
        var append = _ledger.NextAppend(answered);
        AnswerPublishers(answered);
        if (append is null) return;

        Services.Bus.AppendAsync(Keys, append)
            .PipeTo(
                Self,
                success: answer => new AppendDone(Subscription, answer, null, append.Publications.Count),
                failure: fault => new AppendDone(Subscription, default, fault, append.Publications.Count));
    }

    private void OnAppendDone(AppendDone done)
    {
        if (done.Fault is not null)
        {
            _owned = false;
            Refuse(_ledger.AppendFailed(), done.Count);

            // The rest of a batch that the script had begun must not be appended before the batch comes again.
            Refuse(_ledger.RefuseWaiting());
            AnswerParked();
            TryLater(_appending, done.Fault);
            return;
        }

        if (done.Answer.Outcome == AppendOutcome.Appended && _appending.End()) Services.Log.LogInformation("Publishing on {Channel} works again", Name);

        var deliver = new List<Publication>();
        var answered = new List<Ledger.Answer>();
        var holds = _ledger.Appended(done.Answer, deliver, answered);

        Deliver(deliver);
        AnswerPublishers(answered);
        AnswerParked();

        if (!IsSubscribed) Refuse(_ledger.RefuseWaiting());
        if (!_ledger.IsSuperseded && (!holds || !_owned)) TakeOver();
        else Proceed();
    }

    private void AnswerPublishers(List<Ledger.Answer> answers)
    {
        foreach (var answer in answers)
        {
            var ticket = (OpenBatches.Ticket)answer.Ticket;
            if (_batches.Published(ticket, answer.Position) is { } published) Answer(ticket.Relay, ticket.Number, published);
        }
    }

    /// <param name="appended">How many publications a script of unknown outcome may have appended, these among them; 0 if they were not sent.</param>
    private void Refuse(IReadOnlyList<object> tickets, int appended = 0)
    {
        foreach (var ticket in tickets.Cast<OpenBatches.Ticket>())
        {
            if (_batches.Refused(ticket, appended) is { } refused) Answer(ticket.Relay, ticket.Number, refused);
        }
    }

    private void OnMissedRead(MissedRead read)
    {
        if (read.Page is null)
        {
            // Not to be answered with "cannot be whole": it may be, once Redis is back. The relay asks again by itself.
            if (read.Fault is not RedisRefusedException refusal) return;

            if (!_recovering.IsOpen) Services.Log.LogWarning("Recovery on {Channel} fails: {Reason}", Name, refusal.Message);
            _recovering.Failed();
            return;
        }

        _recovering.End();
        read.Relay.Tell(MissedPage.Of(read.Page, read.Order, Name, Position));
    }

    private void TellWhenFull()
    {
        if (_ledger.IsFull && !_isFull)
            Services.Log.LogError(
                "Others publish on {Channel} faster than Redis takes its history: more waits than broker.channel.max-waiting or max-waiting-bytes allows, the rest is lost", Name);

        _isFull = _ledger.IsFull;
    }

    private void ReportMissed()
    {
        if (CountMissed() is > 0 and var gone) Services.Log.LogWarning("{Count} publications on {Channel} were gone before they could be delivered", gone, Name);
    }

    /// <summary>Returns how many were missed since it was called last.</summary>
    private long CountMissed()
    {
        var missed = _ledger.Missed - _missedCounted;
        _missedCounted = _ledger.Missed;
        if (missed > 0) Services.Metrics.PublicationsLost(missed);
        return missed;
    }

    private enum TakingOver { No, Once, Again }

    private sealed record PositionRead(ChannelSubscription Life, StreamPosition? Position, Exception? Fault) : FromRedis(Life);

    private sealed record TakeOverDone(ChannelSubscription Life, TakenOver? Answer, Exception? Fault) : FromRedis(Life);

    private sealed record PageRead(ChannelSubscription Life, HistoryPage? Page, Exception? Fault) : FromRedis(Life);

    private sealed record AppendDone(ChannelSubscription Life, Appended Answer, Exception? Fault, int Count) : FromRedis(Life);

    private sealed record MissedRead(ChannelSubscription Life, ReadMissed Order, IActorRef Relay, HistoryPage? Page, Exception? Fault) : FromRedis(Life);
}
