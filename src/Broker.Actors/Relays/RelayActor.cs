using Broker.Actors.Channels;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Relays;

/// <summary>
/// Owns one node's end of a channel: its local subscribers, its local publishers' queue, and the last position that the node saw.
/// </summary>
internal sealed class RelayActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan AttachAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SendAgain = TimeSpan.FromSeconds(5);
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
    private readonly Sequence _sequence = new();
    private IActorRef? _owner;
    private ReadOnlyMemory<byte>? _slot;
    private DateTimeOffset _heard;
    private DateTimeOffset _sentAt;
    private DateTimeOffset _askedAt;
    private DateTimeOffset _fillingSince;
    private bool _ready;
    private bool _hasHistory;
    private long _handled;
    private long _tickets;
    private long _filling;

    public RelayActor(ChannelName channel, IActorRef channels, BrokerServices services)
    {
        _channel = channel;
        _channels = channels;
        _services = services;
        _joiners = new Joiners(services.Settings.OutboxLimit);
        _queue = new PublishQueue(services.Settings.Relay.MaxPending, services.Settings.Relay.MaxPendingBytes);

        Receive<Publications>(OnPublications);
        Receive<RelayPublish>(OnPublish);
        Receive<BatchPublished>(OnBatchPublished);
        Receive<BatchRefused>(OnBatchRefused);
        Receive<Join>(OnJoin);
        Receive<Leave>(OnLeave);
        Receive<LastRead>(OnLastRead);
        Receive<Missed>(OnMissed);
        Receive<Standing>(OnStanding);
        Receive<Attached>(OnAttached);
        Receive<Detached>(_ => { if (Sender.Equals(_owner)) LoseOwner(); });
        Receive<Terminated>(gone => { if (gone.ActorRef.Equals(_owner)) LoseOwner(); });
        Receive<Tick>(OnTick);
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
        Fail(_queue.Expire(DateTimeOffset.MaxValue), PublishFailure.Unavailable);
        _owner?.Tell(new Detach(_channel, _id));
    }

    private void OnPublications(Publications publications)
    {
        // A former owner's would be the same ones again, or older.
        if (!Sender.Equals(_owner)) return;

        Heard();
        if (_ready) Pass(_sequence.Take(publications.Items, _hasHistory));
        Fill();
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
            if (recovering.HasFailed && _recovering.Remove(ticket)) CannotRecover(recovering.Subscriber);
        }

        if (!_joiners.Hold(items)) foreach (var ready in _joiners.GiveUp()) GoLive(ready.Subscriber, ready.Held, recovered: false);
    }

    private void OnPublish(RelayPublish publish)
    {
        _handled++;
        if (_queue.Add(new PublishQueue.Pending(publish.Publication, publish.Ticket, publish.Until, publish.Retry))) SendNext();
        else publish.Ticket.Done(new PublishResult(null, PublishFailure.Busy));
    }

    private void OnBatchPublished(BatchPublished published)
    {
        Heard();
        var done = _queue.Published(published.Number);
        for (var i = 0; i < done.Count; i++)
            done[i].Ticket.Done(new PublishResult(i < published.Positions.Count ? published.Positions[i] : null, null));

        SendNext();
        RestWhenIdle();
    }

    private void OnBatchRefused(BatchRefused refused)
    {
        Heard();
        var failure = refused.MayRepeat ? PublishFailure.Unavailable : PublishFailure.Unknown;
        Fail(_queue.Refused(refused.Number, refused.MayRepeat, Now), failure);

        Timers.StartSingleTimer(Tick.TryAgain, Tick.TryAgain, TryAgain);
    }

    private void SendNext()
    {
        if (_owner is null)
        {
            Timers.StartSingleTimer(Tick.TryAgain, Tick.TryAgain, TryAgain);
            return;
        }

        if (!Timers.IsTimerActive(Tick.TryAgain) && _queue.Next() is { } batch) Send(batch);
    }

    private void Send((long Number, IReadOnlyList<Redis.OutgoingPublication> Publications) batch)
    {
        _sentAt = Now;
        _owner!.Tell(new PublishBatch(_channel, _id, batch.Number, batch.Publications));
    }

    private void OnJoin(Join join)
    {
        _handled++;
        Timers.Cancel(Tick.Idle);
        if (_ready) Begin(join.Subscriber);
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
                Recover(new Recovering(subscriber, _services.Settings.Recovery));
                break;
            default:
                GoLive(subscriber, [], recovered: false);
                break;
        }
    }

    /// <summary>Asks for the first page, the next, or once more for one that may be lost.</summary>
    private void Recover(Recovering recovering)
    {
        if (recovering.IsTooFarBehind(_sequence.Position))
        {
            CannotRecover(recovering.Subscriber);
            return;
        }

        _recovering[++_tickets] = recovering;
        _owner?.Tell(new ReadMissed(_channel, _tickets, recovering.Ask(Now)));
    }

    private void CannotRecover(Subscriber subscriber)
    {
        if (subscriber.Mode != JoinMode.SinceOrLastValue)
        {
            GoLive(subscriber, [], recovered: false);
            return;
        }

        _joiners.Add(subscriber);
        AskLastValue();
    }

    private void OnLeave(Leave leave)
    {
        _handled++;
        var subscriber = leave.Subscriber;
        if (!_subscribers.Remove(subscriber) && !_early.Remove(subscriber) && !_joiners.Remove(subscriber))
        {
            foreach (var (ticket, recovering) in _recovering) if (recovering.Subscriber == subscriber) _recovering.Remove(ticket);
        }

        RestWhenIdle();
    }

    private void AskLastValue()
    {
        if (_owner is null || _joiners.Ask() is not { } ticket) return;

        _askedAt = Now;
        _owner.Tell(new ReadLast(_channel, ticket));
    }

    private void OnLastRead(LastRead read)
    {
        Heard();
        if (_sequence.HasGap)
        {
            // The value may be one of those that are missing here: ask again when they are there.
            _joiners.Forget();
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

    private void GoLive(Subscriber subscriber, IReadOnlyList<Publication> held, bool recovered)
    {
        subscriber.Joining(_sequence.Position, recovered);
        if (held.Count > 0) _services.Metrics.Delivered(subscriber.Deliver(new Dispatch(new RelayBatch(held), null)));

        _subscribers.Add(subscriber);
        subscriber.JoinedLive(_sequence.Position);
        subscriber.Owner.Tell(new Joined(_channel, subscriber, _sequence.Position, recovered));
    }

    private void OnMissed(Missed missed)
    {
        Heard();
        if (missed.Ticket == _filling)
        {
            _filling = 0;
            Pass(_sequence.Filled(missed));
            ReportLost();
            Fill();
            if (!_sequence.HasGap) AskLastValue();
            return;
        }

        if (!_recovering.Remove(missed.Ticket, out var recovering)) return;

        recovering.Take(missed);
        if (recovering.HasFailed) CannotRecover(recovering.Subscriber);
        else if (missed.More) Recover(recovering);
        else GoLive(recovering.Subscriber, recovering.Merge(_sequence.Position), recovered: true);
    }

    private void OnStanding(Standing standing)
    {
        if (!Sender.Equals(_owner)) return;

        Heard();
        if (!_ready)
        {
            Attach(); // That it has become ready was lost on the way.
            return;
        }

        AskAgain();
        _sequence.Stands(standing.Position, _hasHistory);
        ReportLost();
        Fill();
    }

    /// <summary>The owner can answer, and has not for long: the question or its answer is lost.</summary>
    private void AskAgain()
    {
        var before = Now - SendAgain;
        if (_fillingSince < before) _filling = 0;
        RecoverAgain(before);

        if (_askedAt >= before) return;
        _joiners.Forget();
        AskLastValue();
    }

    private void RecoverAgain(DateTimeOffset askedBefore)
    {
        foreach (var (ticket, recovering) in _recovering.Where(open => open.Value.AskedAt < askedBefore).ToArray())
        {
            _recovering.Remove(ticket);
            Recover(recovering);
        }
    }

    private void Fill()
    {
        if (!_sequence.HasGap || _filling != 0 || _owner is null) return;

        _filling = ++_tickets;
        _fillingSince = Now;
        _owner.Tell(new ReadMissed(_channel, _filling, _sequence.Position));
    }

    private void Attach()
    {
        _channels.Tell(new Attach(_channel, _id, _queue.NextNumber, _sequence.Position));
        Timers.StartPeriodicTimer(Tick.Attach, Tick.Attach, AttachAgain);
    }

    private void OnAttached(Attached attached)
    {
        Heard();
        Timers.Cancel(Tick.Attach);
        Timers.Cancel(Tick.TryAgain);
        _hasHistory = attached.HasHistory;
        if (_owner is not null && !Sender.Equals(_owner))
        {
            LoseOwner();
            return;
        }

        if (_owner is null) MeetOwner(Sender);
        SendNext();
        if (!attached.Ready) return;

        if (_sequence.IsKnown) _sequence.Stands(attached.Position, _hasHistory);
        else _sequence.StartAt(attached.Position);
        ReportLost();

        _ready = true;
        foreach (var subscriber in _early) Begin(subscriber);
        _early.Clear();
        AskLastValue();
        Fill();
    }

    private void MeetOwner(IActorRef owner)
    {
        Context.Watch(owner);
        _owner = owner;

        // Questions to a former owner may never be answered.
        _joiners.Forget();
        _filling = 0;
        RecoverAgain(DateTimeOffset.MaxValue);

        if (_queue.Again() is { } batch) Send(batch);
    }

    private void LoseOwner()
    {
        if (_owner is not null) Context.Unwatch(_owner);
        _owner = null;

        // The owner may have sent it: without history nobody can tell. Before attaching, which tells the next number.
        if (!_hasHistory && _queue.IsUnderWay) Fail(_queue.Refused(_queue.NextNumber, mayRepeat: false, Now), PublishFailure.Unknown);
        Attach();
    }

    private void OnTick(Tick tick)
    {
        if (tick == Tick.Attach) Attach();
        else if (tick == Tick.TryAgain) Retry();
        else if (tick == Tick.Check) Check();
        else if (IsIdle) Context.Parent.Tell(new RelayIdle(_channel, _handled));
    }

    private void Retry()
    {
        Fail(_queue.Expire(Now), PublishFailure.Unavailable);
        SendNext();
        RestWhenIdle();
    }

    private void Check()
    {
        if (Now - _heard > _services.Settings.Relay.SilentAfter) Attach();
        if (_owner is not null && Now - _sentAt > SendAgain && _queue.Again() is { } batch) Send(batch);
        RestWhenIdle();
    }

    private void RestWhenIdle()
    {
        if (IsIdle && !Timers.IsTimerActive(Tick.Idle)) Timers.StartSingleTimer(Tick.Idle, Tick.Idle, _services.Settings.Relay.StopAfter);
    }

    private static void Fail(IReadOnlyList<PublishQueue.Pending> publishes, PublishFailure failure)
    {
        foreach (var pending in publishes) pending.Ticket.Done(new PublishResult(null, failure));
    }

    private void ReportLost()
    {
        if (_sequence.TakeLost() is not (> 0 and var lost)) return;

        _services.Metrics.PublicationsLost(lost);
        _services.Log.LogWarning("Publications on {Channel} did not reach this node and cannot be fetched", _channel);
    }

    private bool IsIdle => _subscribers.Count == 0 && _early.Count == 0 && _joiners.IsEmpty && _recovering.Count == 0 && _queue.IsEmpty;

    private DateTimeOffset Now => _services.Time.GetUtcNow();

    private void Heard() => _heard = Now;

    private sealed record Tick(string Name)
    {
        public static readonly Tick Attach = new("attach");
        public static readonly Tick TryAgain = new("try again");
        public static readonly Tick Check = new("check");
        public static readonly Tick Idle = new("idle");
    }
}
