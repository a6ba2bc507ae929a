using Broker.Actors.Presence;
using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Channels;

/// <summary>
/// Owns one Redis channel: its single subscription, its order and its relays. What order means is the business of the two kinds:
/// <see cref="LiveChannelActor"/> without history, <see cref="HistoryChannelActor"/> with it.
/// </summary>
internal abstract partial class ChannelActor : ReceiveActor, IWithTimers
{
    private readonly AttachedRelays _relays = new();
    private readonly LastValueReads _lastValues = new();
    private readonly Episode _readingLast = new();
    private readonly Episode _refusingLast = new();
    private readonly List<Parked> _parked = [];
    private long _fence;
    private long _readFence;
    private long _reads;
    private LastValue _read;
    private bool _unsettled;
    private bool _refused;
    private bool _stops;

    protected ChannelActor(BrokerServices services)
    {
        Services = services;

        ReceiveOfChannel<Attach>(OnAttach);
        ReceiveOfChannel<Detach>(OnDetach);
        Receive<Terminated>(OnRelayGone);
        ReceiveOfChannel<PublishBatch>(OnPublishBatch);
        ReceiveOfChannel<ReadMissed>(OnReadMissed);
        ReceiveOfChannel<ReadLast>(OnReadLast);
        ReceiveOfChannel<IPresenceMessage>(OnPresence);
        ReceiveFromRedis<LastValueRead>(OnLastValueRead);
        ReceiveFromRedis<SubscriptionConfirmed>(_ => OnConfirmed());
        ReceiveFromRedis<SubscriptionArrived>(OnArrived);
        ReceiveFromRedis<SubscriptionPassed>(OnPassed);
        ReceiveFromRedis<SubscriptionLost>(_ => OnLost());
        ReceiveFromRedis<SubscriptionRefused>(OnRefused);
        Receive<Tick>(OnTick);
        Receive<StopChannel>(_ => Stop());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected BrokerServices Services { get; }

    /// <summary>Known from the first message on, like all that follows from it: the actor's path must not name a session.</summary>
    protected ChannelName Name { get; private set; } = null!;

    protected RedisKeys Keys { get; private set; } = null!;

    protected ChannelSubscription Subscription { get; private set; } = null!;

    /// <summary>Redis has confirmed the subscription and has not lost it since.</summary>
    protected bool IsSubscribed { get; private set; }

    protected abstract StreamPosition Position { get; }

    /// <summary>How many publications are kept; 0 for none.</summary>
    protected abstract int HistorySize { get; }

    /// <summary>What is published arrives, and what is to be published can be sent.</summary>
    protected abstract bool IsReady { get; }

    protected abstract bool IsIdle { get; }

    /// <summary>Redis has yet to answer publishes that nobody could tell again from new ones: whoever takes the channel over has no answer for them.</summary>
    protected virtual bool AwaitsAnswers => false;

    protected override void PreStart()
    {
        Services.Metrics.ChannelStarted();
        Rest();
    }

    protected override void PostStop()
    {
        Services.Metrics.ChannelStopped();
        if (!HasBegun) return;

        Services.Bus.Unsubscribe(Keys.Channel, Subscription);
        TellRelays(new Detached(Name));
    }

    /// <summary>What was asked before a restart is answered after it, too: that is dropped.</summary>
    protected void ReceiveFromRedis<T>(Action<T> handler)
        where T : FromRedis =>
        Receive<T>(message =>
        {
            if (ReferenceEquals(message.Life, Subscription)) handler(message);
        });

    /// <summary>The channel's name is known. Subscribes, now or as soon as what must come first is done.</summary>
    protected abstract void Start();

    protected abstract void Confirmed();

    protected abstract void Arrived(IReadOnlyList<Arrival> arrivals);

    protected abstract void SubscriptionWasLost();

    /// <summary>A new batch, in the right order. Ends with <see cref="Answer"/>.</summary>
    protected abstract void Publish(PublishBatch batch);

    protected abstract void ReadMissed(ReadMissed order, IActorRef relay);

    /// <summary>A relay has attached that has delivered this much.</summary>
    protected virtual void RelayHasDelivered(StreamPosition position)
    {
    }

    /// <summary>True while a payload equal to this one is on its way to the relays.</summary>
    protected abstract bool Holds(byte[] payload);

    protected abstract void Tock(Tick tick);

    protected void Subscribe() => Services.Bus.Subscribe(Keys.Channel, HistorySize > 0 ? Keys.Mark : null, Subscription);

    protected void TellRelays(object message) => _relays.Tell(message);

    protected void Deliver(IReadOnlyList<Publication> publications)
    {
        if (publications.Count == 0) return;

        Services.Metrics.PublicationsIn(publications.Count);
        for (var (start, end) = (0, 0); start < publications.Count; start = end)
        {
            end = PublicationsFrame.End(publications, start);
            TellRelays(new Publications(end - start == publications.Count ? publications : [.. publications.Take(start..end)]));
        }

        _unsettled = true;
        if (!Timers.IsTimerActive(Tick.Settled)) Timers.StartSingleTimer(Tick.Settled, Tick.Settled, Services.Settings.Channel.TellPositionAfter);
    }

    /// <summary>Every relay may count on the channel from here on.</summary>
    protected void BecameReady()
    {
        TellRelays(new Attached(Position, true, HistorySize));
        ReadLastValue();
    }

    /// <summary>Everything that Redis has published by now has arrived when <see cref="Passed"/> comes with this ticket; it never comes if the subscription is lost.</summary>
    protected long Fence()
    {
        Services.Bus.Fence(Keys.Channel, ++_fence);
        return _fence;
    }

    protected virtual void Passed(long ticket)
    {
    }

    /// <summary>The channel itself wants to know its last value: <see cref="LastValueIs"/>.</summary>
    protected void WantLastValue() => _lastValues.Ask(ActorRefs.Nobody, 0);

    protected void Answer(string relay, long number, object answer) => _relays.Answer(relay, number, answer)?.Tell(answer);

    /// <summary>Last values whose own publication was still on its way may have become answerable.</summary>
    protected void AnswerParked()
    {
        for (var i = _parked.Count - 1; i >= 0; i--)
        {
            if (Holds(_parked[i].Value.Payload!)) continue;

            var (value, readers) = _parked[i];
            _parked.RemoveAt(i);
            TellLastValue(value, readers);

            // The channel itself has not judged it yet, and by now it may be another one.
            if (!readers.Any(reader => reader.Relay.Equals(ActorRefs.Nobody))) continue;
            WantLastValue();
            ReadLastValue();
        }
    }

    private bool HasBegun => Subscription is not null;

    private void ReceiveOfChannel<T>(Action<T> handler)
        where T : IChannelMessage =>
        Receive<T>(message =>
        {
            if (!HasBegun) Begin(message.Channel.ToRedis(Services.Settings.Prefix));
            handler(message);
        });

    private void Begin(string redisName)
    {
        Keys = new RedisKeys(redisName);
        Name = ChannelName.FromRedis(redisName, Services.Settings.Prefix);
        Subscription = new ChannelSubscription(Self);
        Timers.StartPeriodicTimer(Tick.Quiet, Tick.Quiet, Services.Settings.Channel.TellPositionEvery);
        Start();
    }

    private void OnAttach(Attach attach)
    {
        Timers.Cancel(Tick.Passivate);
        if (_relays.Attach(attach.Relay, Sender, attach.NextBatch)) Context.Watch(Sender);
        RelayHasDelivered(attach.Delivered);
        Sender.Tell(new Attached(Position, IsReady, HistorySize));
    }

    private void OnDetach(Detach detach)
    {
        _relays.Remove(detach.Relay);
        _presence?.Tell(new PresenceActor.RelayGone(Sender));
        Context.Unwatch(Sender);
        Rest();
    }

    private void OnRelayGone(Terminated gone)
    {
        if (HasFinished(gone)) return;

        _relays.Remove(gone.ActorRef);
        _presence?.Tell(new PresenceActor.RelayGone(gone.ActorRef));
        Rest();
    }

    private void OnPublishBatch(PublishBatch batch)
    {
        switch (_relays.Take(batch.Relay, batch.Number, out var answer))
        {
            case AttachedRelays.Verdict.Take when _stops:
                Sender.Tell(new BatchReturned(batch.Number));
                break;
            case AttachedRelays.Verdict.Take when !Services.MayOwn:
                Answer(batch.Relay, batch.Number, BatchRefused.Unsent(batch.Number));
                break;
            case AttachedRelays.Verdict.Take:
                Publish(batch);
                break;
            case AttachedRelays.Verdict.AnswerAgain:
                Sender.Tell(answer!);
                break;
            case AttachedRelays.Verdict.AttachAgain:
                Sender.Tell(new Detached(Name));
                break;
        }
    }

    private void OnReadMissed(ReadMissed order) => ReadMissed(order, Sender);

    private void OnReadLast(ReadLast order)
    {
        _lastValues.Ask(Sender, order.Ticket);
        ReadLastValue();
    }

    private void ReadLastValue()
    {
        if (!IsReady || !_lastValues.Begin()) return;

        var number = ++_reads;
        Services.Bus.ReadLastAsync(Keys)
            .PipeTo(Self, success: value => new LastValueRead(Subscription, number, value, null), failure: fault => new LastValueRead(Subscription, number, default, fault));
    }

    private void OnLastValueRead(LastValueRead read)
    {
        // Asked before the subscription was lost.
        if (read.Number != _reads) return;

        if (read.Fault is RedisRefusedException refusal)
        {
            LastValueRefused(refusal);
            return;
        }

        if (read.Fault is not null)
        {
            _lastValues.Fail();
            Timers.StartSingleTimer(Tick.ReadAgain, Tick.ReadAgain, _readingLast.Failed());
            return;
        }

        _readingLast.End();
        _refusingLast.End();

        // Nothing need find its place among the publications: most channels have no last message, and asking the subscription's connection is half of what a join costs.
        if (read.Value.Payload is null or { Length: 0 })
        {
            TakeLastValue(read.Value, _lastValues.End());
            ReadLastValue();
            return;
        }

        // A publication that Redis had sent out before it was asked may still be on the way here: the value belongs behind it.
        _read = read.Value;
        _readFence = Fence();
    }

    /// <summary>Whoever waits for it goes without: asking again would not mend it.</summary>
    private void LastValueRefused(RedisRefusedException refusal)
    {
        if (!_refusingLast.IsOpen) Services.Log.LogWarning("Redis refuses to tell the last message of {Channel}: {Reason}", Name, refusal.Message);

        _refusingLast.Failed();
        TellLastValue(default, _lastValues.End());
        ReadLastValue();
    }

    private void OnConfirmed()
    {
        IsSubscribed = true;
        _refused = false;
        Timers.Cancel(Tick.SubscribeAgain);
        Confirmed();
    }

    private void OnArrived(SubscriptionArrived arrived)
    {
        Arrived(arrived.Arrivals);
        AnswerParked();
    }

    private void OnPassed(SubscriptionPassed passed)
    {
        Passed(passed.Ticket);
        if (passed.Ticket != _readFence) return;

        _readFence = 0;
        var readers = _lastValues.End();
        if (Holds(_read.Payload!)) _parked.Add(new Parked(_read, readers));
        else TakeLastValue(_read, readers);

        ReadLastValue();
    }

    private void TakeLastValue(LastValue value, IReadOnlyList<LastValueReads.Reader> readers)
    {
        LastValueIs(value.Payload);
        TellLastValue(value, readers);
    }

    private void OnLost()
    {
        IsSubscribed = false;
        _readFence = 0;
        _reads++;
        _lastValues.Fail();
        SubscriptionWasLost();
        AnswerParked();
    }

    /// <summary>The channel alone is without Redis: publishes fail and subscribers wait, as in an outage.</summary>
    private void OnRefused(SubscriptionRefused refused)
    {
        if (!_refused) Services.Log.LogWarning("Redis refuses the subscription of {Channel}: {Reason}", Name, refused.Reason);

        _refused = true;
        Timers.StartSingleTimer(Tick.SubscribeAgain, Tick.SubscribeAgain, Services.Settings.Channel.SubscribeAgainAfter);
        OnLost();
    }

    protected virtual void Stop()
    {
        _stops = true;
        FinishPresence();
        StopWhenAnswered();
    }

    /// <summary>Redis answers within its timeout, well or not: nobody waits for ever.</summary>
    protected void StopWhenAnswered()
    {
        if (_stops && !AwaitsAnswers && _presence is null) Context.Stop(Self);
    }

    private void OnTick(Tick tick)
    {
        if (tick == Tick.Passivate) Passivate();
        else if (tick == Tick.ReadAgain) ReadLastValue();
        else if (tick == Tick.SubscribeAgain) Subscribe();
        else if (tick == Tick.Settled) Settle();
        else if (tick == Tick.Quiet) TellPosition();
        else Tock(tick);
    }

    /// <summary>The last value as it stands in Redis, after all that was published before it was read.</summary>
    protected virtual void LastValueIs(byte[]? payload)
    {
    }

    /// <summary>Tells the position once nothing has been published for a while; a timer started anew with every publication would cost more.</summary>
    private void Settle()
    {
        if (_unsettled) Timers.StartSingleTimer(Tick.Settled, Tick.Settled, Services.Settings.Channel.TellPositionAfter);
        else TellPosition();
        _unsettled = false;
    }

    private void TellPosition()
    {
        if (IsReady) TellRelays(new Standing(Position));
    }

    private void TellLastValue(LastValue value, IReadOnlyList<LastValueReads.Reader> readers)
    {
        foreach (var reader in readers) reader.Relay.Tell(new LastRead(reader.Ticket, value.Payload, value.PublishId, Position));
    }

    private void Rest()
    {
        if (_relays.Count == 0) Timers.StartSingleTimer(Tick.Passivate, Tick.Passivate, Services.Settings.Channel.PassivateAfter);
    }

    private void Passivate()
    {
        if (_relays.Count > 0) return;

        if (!HasBegun || IsIdle) Context.Parent.Tell(new Passivate(StopChannel.Instance));
        else Rest();
    }

    /// <summary>Timers of the channel.</summary>
    protected sealed record Tick(string Name)
    {
        public static readonly Tick Quiet = new("quiet");
        public static readonly Tick Settled = new("settled");
        public static readonly Tick Passivate = new("passivate");
        public static readonly Tick ReadAgain = new("read again");
        public static readonly Tick Forget = new("forget");
        public static readonly Tick TryAgain = new("try again");
        public static readonly Tick Refuse = new("refuse");
        public static readonly Tick SubscribeAgain = new("subscribe again");
    }

    private sealed record LastValueRead(ChannelSubscription Life, long Number, LastValue Value, Exception? Fault) : FromRedis(Life);

    private readonly record struct Parked(LastValue Value, IReadOnlyList<LastValueReads.Reader> Readers);
}
