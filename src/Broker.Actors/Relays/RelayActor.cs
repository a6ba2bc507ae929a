using Broker.Actors.Channels;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Relays;

/// <summary>
/// Owns one node's end of a channel: its local subscribers and its local publishers' queue. Where the node stands in the channel is <see cref="OwnerLink"/>'s.
/// </summary>
internal sealed partial class RelayActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan AttachAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TryAgain = TimeSpan.FromMilliseconds(250);

    private readonly ChannelName _channel;
    private readonly string _id = Epochs.New();
    private readonly IActorRef _channels;
    private readonly BrokerServices _services;
    private readonly LocalSubscribers _subscribers = new();
    private readonly List<Subscriber> _early = [];
    private readonly Dictionary<long, Recovering> _recovering = [];
    private readonly Joiners _joiners;
    private readonly PublishQueue _queue;
    private readonly OwnerLink _link;
    private readonly Gathered _gathered = new();
    private ReadOnlyMemory<byte>? _slot;
    private TimeSpan _sentAt;
    private TimeSpan _askedAt;
    private bool _flushing;
    private long _handled;

    public RelayActor(ChannelName channel, IActorRef channels, BrokerServices services)
    {
        _channel = channel;
        _channels = channels;
        _services = services;
        _joiners = new Joiners(services.Settings.OutboxLimit);
        _queue = new PublishQueue(services.Settings.Relay.MaxPending, services.Settings.Relay.MaxPendingBytes);
        _link = new OwnerLink(services.Settings.Relay.SilentAfter);

        Receive<Publications>(OnPublications);
        ReceiveInOrder<Flush>(_ => _flushing = false);
        ReceiveInOrder<RelayPublish>(OnPublish);
        ReceiveInOrder<BatchPublished>(OnBatchPublished);
        ReceiveInOrder<BatchRefused>(OnBatchRefused);
        ReceiveInOrder<BatchReturned>(OnBatchReturned);
        ReceiveInOrder<Join>(OnJoin);
        ReceiveInOrder<Leave>(OnLeave);
        ReceiveInOrder<LastRead>(OnLastRead);
        ReceiveInOrder<Missed>(OnMissed);
        ReceiveInOrder<Standing>(OnStanding);
        ReceiveInOrder<Attached>(OnAttached);
        ReceiveInOrder<Detached>(_ => { if (_link.IsOwner(Sender)) LoseOwner(); });
        ReceiveInOrder<Terminated>(gone => { if (_link.IsOwner(gone.ActorRef)) LoseOwner(); });
        ReceiveInOrder<Tick>(OnTick);
        ReceiveMembers();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _services.Metrics.RelayStarted();
        Timers.StartPeriodicTimer(Tick.Check, Tick.Check, _services.Settings.Relay.CheckEvery);
        Attach();
    }

    protected override void PostStop()
    {
        _services.Metrics.RelayStopped();
        Fail(_queue.Published(_queue.NextNumber), PublishFailure.Unknown);
        Fail(_queue.Expire(TimeSpan.MaxValue), PublishFailure.Unavailable);
        _link.Owner?.Tell(new Detach(_channel, _id));
    }

    /// <summary>Whatever the message is about, what came before it has been dispatched.</summary>
    private void ReceiveInOrder<T>(Action<T> handler) => Receive<T>(message =>
    {
        if (!_gathered.IsEmpty) Pass(_gathered.TakeAll());
        handler(message);
    });

    /// <summary>Dispatched with all that waits behind it in the mailbox.</summary>
    private void OnPublications(Publications publications)
    {
        if (!_link.IsOwner(Sender)) return;

        Heard();
        _gathered.Add(_link.Take(publications.Items));
        Fill();

        if (_gathered.IsFull) Pass(_gathered.TakeAll());
        if (_gathered.IsEmpty || _flushing) return;

        _flushing = true;
        Self.Tell(Flush.Instance);
    }

    private void Pass(IReadOnlyList<Publication> items)
    {
        if (items.Count == 0) return;

        var dispatch = new Dispatch(new RelayBatch(items), _slot);
        _services.Metrics.Delivered(_subscribers.Deliver(dispatch));
        _slot = EchoFilter.SlotAfter(items, _slot);
        foreach (var (ticket, recovering) in _recovering)
        {
            recovering.Hold(items);
            if ((recovering.HasFailed || recovering.IsReachedBy(_link.Position)) && _recovering.Remove(ticket)) EndRecovery(recovering);
        }

        if (!_joiners.Hold(items)) foreach (var ready in _joiners.GiveUp()) GoLive(ready.Subscriber, ready.Held, recovered: false);
    }

    private void OnJoin(Join join)
    {
        _handled++;
        Timers.Cancel(Tick.Idle);
        if (_link.IsReady) Begin(join.Subscriber);
        else _early.Add(join.Subscriber);
    }

    /// <summary>The channel is subscribed: from here on everything is held for the subscriber or goes to it.</summary>
    private void Begin(Subscriber subscriber)
    {
        switch (subscriber.Mode)
        {
            case JoinMode.LastValue:
                _joiners.Add(subscriber);
                AskLastValue();
                break;
            case JoinMode.Since or JoinMode.SinceOrLastValue:
                Recover(new Recovering(subscriber, subscriber.SinceAt(_link.Position), _services.Settings.Recovery));
                break;
            default:
                GoLive(subscriber, RelayBatch.Empty, recovered: false);
                break;
        }
    }

    /// <summary>Asks for the first page, the next, or once more for one that may be lost.</summary>
    private void Recover(Recovering recovering)
    {
        if (recovering.IsTooFarBehind(_link.Position))
        {
            CannotRecover(recovering.Subscriber);
            return;
        }

        var ticket = _link.NextTicket();
        _recovering[ticket] = recovering;
        _link.Owner?.Tell(new ReadMissed(_channel, ticket, recovering.Ask(Now)));
    }

    private void CannotRecover(Subscriber subscriber)
    {
        if (subscriber.Mode != JoinMode.SinceOrLastValue)
        {
            GoLive(subscriber, RelayBatch.Empty, recovered: false);
            return;
        }

        _joiners.Add(subscriber);
        AskLastValue();
    }

    private void OnLeave(Leave leave)
    {
        _handled++;
        var subscriber = leave.Subscriber;
        RemoveMember(subscriber);
        if (!_subscribers.Remove(subscriber) && !_early.Remove(subscriber) && !_joiners.Remove(subscriber))
        {
            foreach (var (ticket, recovering) in _recovering) if (recovering.Subscriber == subscriber) _recovering.Remove(ticket);
        }

        subscriber.Left();
        RestWhenIdle();
    }

    private void AskLastValue()
    {
        if (_link.Owner is null || _joiners.Ask() is not { } ticket) return;

        _askedAt = Now;
        _link.Owner.Tell(new ReadLast(_channel, ticket));
    }

    private void OnLastRead(LastRead read)
    {
        HeardFromOwner();
        if (_link.IsOwner(Sender)) _link.Stands(read.Position);
        ReportLost();
        if (_link.HasGap)
        {
            // The value may be one of those that are missing here: ask again when they are there.
            _joiners.Forget();
            Fill();
            return;
        }

        foreach (var ready in _joiners.Answered(read.Ticket))
        {
            // Behind everything that Redis had sent out before it was read: so it is either among what was held, or older than that.
            if (read.Payload is { Length: > 0 } payload && !ready.Holds(payload)) ready.Subscriber.Replay(payload, read.PublishId);
            GoLive(ready.Subscriber, ready.Held, recovered: false);
        }

        AskLastValue();
    }

    private void GoLive(Subscriber subscriber, RelayBatch held, bool recovered)
    {
        subscriber.Joining(_link.Position, recovered);
        if (held.Publications.Count > 0) _services.Metrics.Delivered(subscriber.Deliver(new Dispatch(held, null)));

        _subscribers.Add(subscriber);
        subscriber.JoinedLive(_link.Position);
        subscriber.Owner.Tell(new Joined(_channel, subscriber, _link.Position, recovered));
        AddMember(subscriber);
    }

    private void OnMissed(Missed missed)
    {
        HeardFromOwner();
        if (_link.Filled(missed) is { } filled)
        {
            Pass(filled);
            ReportLost();
            Fill();
            if (!_link.HasGap) AskLastValue();
            return;
        }

        if (!_recovering.TryGetValue(missed.Ticket, out var recovering)) return;

        recovering.Take(missed);
        if (recovering.IsAheadOf(_link.Position))
        {
            // It stands in the history: the owner has said so.
            if (recovering.Since.Epoch == _link.Position.Epoch) _link.Stands(recovering.Since);
            Fill();
            return;
        }

        _recovering.Remove(missed.Ticket);
        if (missed.More && !recovering.HasFailed) Recover(recovering);
        else EndRecovery(recovering);
    }

    private void EndRecovery(Recovering recovering)
    {
        if (recovering.HasFailed) CannotRecover(recovering.Subscriber);
        else GoLive(recovering.Subscriber, new RelayBatch(recovering.Merge(_link.Position)), recovered: true);
    }

    private void OnStanding(Standing standing)
    {
        if (!_link.IsOwner(Sender)) return;

        Heard();
        if (!_link.IsReady)
        {
            Attach(); // That it has become ready was lost on the way.
            return;
        }

        AskAgain();
        _link.Stands(standing.Position);
        ReportLost();
        Fill();
    }

    /// <summary>The owner can answer, and has not for long: the question or its answer is lost.</summary>
    private void AskAgain()
    {
        var before = Now - OwnerLink.AnswersWithin;
        RecoverAgain(before);

        if (_askedAt >= before) return;
        _joiners.Forget();
        AskLastValue();
    }

    private void RecoverAgain(TimeSpan askedBefore)
    {
        foreach (var (ticket, recovering) in _recovering.Where(open => open.Value.AskedAt < askedBefore).ToArray())
        {
            _recovering.Remove(ticket);
            Recover(recovering);
        }
    }

    private void Fill()
    {
        if (_link.AskForMissing(Now) is { } question) _link.Owner!.Tell(new ReadMissed(_channel, question.Ticket, question.Since));
    }

    private void Attach()
    {
        _channels.Tell(new Attach(_channel, _id, _queue.NextNumber, _link.Position));
        Timers.StartPeriodicTimer(Tick.Attach, Tick.Attach, AttachAgain);
    }

    private void OnAttached(Attached attached)
    {
        Heard();
        Timers.Cancel(Tick.Attach);
        var meeting = _link.Meet(Sender, attached.HistorySize);
        if (meeting == OwnerLink.Meeting.Another)
        {
            LoseOwner();
            return;
        }

        if (meeting == OwnerLink.Meeting.New) BeginWithOwner();
        Timers.Cancel(Tick.TryAgain);
        Expire();
        SendNext();
        if (!attached.Ready) return;

        _link.Stands(attached.Position);
        ReportLost();

        foreach (var subscriber in _early) Begin(subscriber);
        _early.Clear();
        AskLastValue();
        Fill();
    }

    private void BeginWithOwner()
    {
        Context.Watch(_link.Owner!);

        // Questions to a former owner may never be answered.
        _joiners.Forget();
        RecoverAgain(TimeSpan.MaxValue);

        if (_queue.Again() is { } batch) Send(batch);
        ReportNext();
    }

    private void LoseOwner()
    {
        LetOwnerGo();

        // The owner may have sent it: without history nobody can tell. Before attaching, which tells the next number.
        Fail(_queue.OwnerLost(_link.HasHistory, Now), PublishFailure.Unknown);
        Attach();
    }

    private void LetOwnerGo()
    {
        if (_link.Lose() is { } former) Context.Unwatch(former);
        _members?.StartOver();
    }

    private void OnTick(Tick tick)
    {
        if (tick == Tick.Attach) Attach();
        else if (tick == Tick.TryAgain) Retry();
        else if (tick == Tick.Check) Check();
        else if (IsIdle) Context.Parent.Tell(new RelayIdle(_channel, _handled));
    }

    private void Check()
    {
        Expire();
        Fail(_queue.GiveUp(Now - OwnerLink.AnswersWithin), PublishFailure.Unknown);
        if (_link.IsSilent(Now)) Attach();
        AskAgain(); // What was asked, or its answer, may be lost; and a read that Redis did not answer is not answered here either.
        Fill();
        if (_link is { Owner: not null, IsReady: false }) Attach();
        if (_link.Owner is not null && Now - _sentAt > OwnerLink.AnswersWithin && _queue.Again() is { } batch) Send(batch);
        ReportAgain();
        RestWhenIdle();
    }

    private void RestWhenIdle()
    {
        if (IsIdle && !Timers.IsTimerActive(Tick.Idle)) Timers.StartSingleTimer(Tick.Idle, Tick.Idle, _services.Settings.Relay.StopAfter);
    }

    private void ReportLost()
    {
        if (_link.TakeLost() is not (> 0 and var lost)) return;

        _services.Metrics.PublicationsLost(lost);
        _services.Log.LogWarning("Publications on {Channel} did not reach this node and cannot be fetched", _channel);
    }

    private bool IsIdle => _subscribers.Count == 0 && _early.Count == 0 && _joiners.IsEmpty && _recovering.Count == 0 && _queue.IsEmpty && _members is not { IsIdle: false };

    private TimeSpan Now => _services.Now;

    private void Heard() => _link.Heard(Now);

    private void HeardFromOwner()
    {
        if (_link.IsOwner(Sender)) Heard();
    }

    private sealed record Flush
    {
        public static readonly Flush Instance = new();
    }

    private sealed record Tick(string Name)
    {
        public static readonly Tick Attach = new("attach");
        public static readonly Tick TryAgain = new("try again");
        public static readonly Tick Check = new("check");
        public static readonly Tick Idle = new("idle");
    }
}
