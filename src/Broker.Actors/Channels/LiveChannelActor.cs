using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Channels;

/// <summary>
/// A channel without history: what arrives from Redis is the publication, own and foreign alike, in Redis's order. Across an outage publications are at most
/// once; afterwards the last value is delivered if nobody here has got it.
/// </summary>
internal sealed class LiveChannelActor : ChannelActor
{
    private readonly List<PublishBatch> _early = [];
    private LiveLog _log = null!;
    private bool _lost;
    private bool _wasLost;
    private bool _wasSubscribed;
    private int _underWay;

    public LiveChannelActor(BrokerServices services) : base(services) => ReceiveFromRedis<BatchSent>(OnBatchSent);

    protected override StreamPosition Position => _log.Position;

    protected override int HistorySize => 0;

    protected override bool IsReady => IsSubscribed;

    protected override bool IsIdle => _log.IsIdle && _early.Count == 0;

    protected override bool AwaitsAnswers => _underWay > 0;

    protected override void Start()
    {
        _log = new LiveLog(Name, Epochs.New(), Services.Time);
        Subscribe();
        Timers.StartSingleTimer(Tick.Refuse, Tick.Refuse, Services.Settings.Redis.Timeout);
    }

    protected override void Confirmed()
    {
        Timers.Cancel(Tick.Refuse);

        // Before the first subscription nothing was listened to, so nothing of it can be missing.
        _wasLost |= _lost && _wasSubscribed;
        (_lost, _wasSubscribed) = (false, true);
        if (_wasLost || !_log.KnowsLastValue) WantLastValue();

        foreach (var batch in _early) Send(batch);
        _early.Clear();
        BecameReady();
    }

    protected override void Arrived(IReadOnlyList<Arrival> arrivals)
    {
        var publications = new Publication[arrivals.Count];
        for (var i = 0; i < publications.Length; i++) publications[i] = _log.Arrived(arrivals[i].Payload);

        Deliver(publications);
    }

    protected override void SubscriptionWasLost() => RefuseEarly();

    protected override void Publish(PublishBatch batch)
    {
        if (IsSubscribed) Send(batch);
        else if (!_lost && Services.Bus.IsConnected) _early.Add(batch);
        else Answer(batch.Relay, batch.Number, BatchRefused.Unsent(batch.Number));
    }

    protected override void ReadMissed(ReadMissed order, IActorRef relay) =>
        relay.Tell(new Missed(order.Ticket, order.Since == Position, Position, [], More: false));

    protected override void Stop()
    {
        foreach (var batch in _early) Answer(batch.Relay, batch.Number, new BatchReturned(batch.Number));
        _early.Clear();
        base.Stop();
    }

    protected override bool Holds(byte[] payload) => _log.Holds(payload);

    protected override void LastValueIs(byte[]? payload)
    {
        if (_wasLost && _log.Missed(payload)) Deliver([_log.Arrived(payload!)]);
        _wasLost = false;
        _log.Know(payload);
    }

    protected override void Tock(Tick tick)
    {
        if (tick == Tick.Refuse) RefuseEarly();
        else if (tick == Tick.Forget) ForgetLate();
    }

    private void Send(PublishBatch batch)
    {
        foreach (var publication in batch.Publications) _log.Sending(publication);
        _underWay++;

        Services.Bus.PublishAsync(Keys, batch.Publications)
            .PipeTo(Self, success: () => new BatchSent(Subscription, batch, null), failure: fault => new BatchSent(Subscription, batch, fault));
    }

    private void OnBatchSent(BatchSent sent)
    {
        _underWay--;
        foreach (var publication in sent.Batch.Publications) _log.Answered(publication);
        if (!Timers.IsTimerActive(Tick.Forget)) Timers.StartSingleTimer(Tick.Forget, Tick.Forget, LiveLog.Patience);

        if (sent.Fault is null)
        {
            Answer(sent.Batch.Relay, sent.Batch.Number, new BatchPublished(sent.Batch.Number, []));
        }
        else
        {
            // It may have been carried out: sending it again could double it.
            Services.Log.LogWarning("Publishing on {Channel} failed: {Reason}", Name, sent.Fault.Message);
            Answer(sent.Batch.Relay, sent.Batch.Number, new BatchRefused(sent.Batch.Number, MayRepeat: false, MayBePublished: true));
        }

        StopWhenAnswered();
    }

    private void ForgetLate()
    {
        if (_log.ForgetLate()) Timers.StartSingleTimer(Tick.Forget, Tick.Forget, LiveLog.Patience);
        AnswerParked();
    }

    private void RefuseEarly()
    {
        _lost |= !IsSubscribed;
        foreach (var batch in _early) Answer(batch.Relay, batch.Number, BatchRefused.Unsent(batch.Number));
        _early.Clear();
    }

    private sealed record BatchSent(ChannelSubscription Life, PublishBatch Batch, Exception? Fault) : FromRedis(Life);
}
