using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Streams;

/// <summary>
/// Owns one stream's way to its channel, on the one node that holds its lease: reads what others add, publishes it in order, and acknowledges what has been published. Every node has
/// one of these; those without the lease only ask for it.
/// </summary>
internal sealed class StreamActor : ReceiveActor, IWithTimers
{
    private readonly StreamRule _rule;
    private readonly StreamGroup _group;
    private readonly IActorRef _relays;
    private readonly BrokerServices _services;
    private readonly StreamPace _pace = new();
    private readonly string _holder = Epochs.New();
    private readonly string _lease;
    private readonly int _window;
    private readonly Queue<StreamEntry> _entries = new();
    private readonly List<string> _done = [];
    private TimeSpan _heldUntil;
    private long _tenure;
    private bool _busy;
    private bool _lookBack;
    private bool _stopping;
    private string? _complaint;

    public StreamActor(StreamRule rule, RedisBus bus, IActorRef relays, BrokerServices services)
    {
        _rule = rule;
        _group = new StreamGroup(bus, rule);
        _relays = relays;
        _services = services;
        _lease = LeaseOf(rule, services.Settings.Prefix);

        // With history a publish that failed comes again in its place, whatever stands behind it. Without, the next one waits until the last is known to be published.
        _window = services.Settings.HistoryOf(rule.Channel) is null ? 1 : StreamGroup.PageSize;

        Receive<Tick>(OnTick);
        Receive<Leased>(OnLeased);
        Receive<Read>(OnRead);
        Receive<Sent>(OnSent);
        Receive<Acknowledged>(OnAcknowledged);
        Receive<Created>(OnCreated);
        Receive<Failed>(OnFailed);
        Receive<StopStream>(OnStop);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool IsHeld => _services.Now < _heldUntil;

    private TimeSpan Duration => _services.Settings.Cluster.Lease;

    /// <summary>One for a group of a stream, whichever nodes read it.</summary>
    internal static string LeaseOf(StreamRule rule, string prefix) => $"{(prefix.Length == 0 ? "" : prefix + ":")}broker:stream:{rule.Group}:{rule.Stream}";

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Lease, Tick.Lease, Duration / 3);
        AskForLease();
    }

    /// <summary>Another node goes on at once. What is not acknowledged comes again there.</summary>
    protected override void PostStop()
    {
        if (!IsHeld) return;

        if (_done.Count > 0) Forget(_group.AcknowledgeAsync([.. _done]));
        Forget(_services.Bus.ReleaseLeaseAsync(_lease, _holder));
    }

    private void OnTick(Tick tick)
    {
        if (tick == Tick.Lease) AskForLease();
        else Next();
    }

    private void AskForLease()
    {
        var asked = _services.Now;
        _services.Bus.HoldLeaseAsync(_lease, _holder, Duration)
            .PipeTo(Self, success: held => new Leased(held, asked, null), failure: fault => new Leased(null, asked, fault));
    }

    private void OnLeased(Leased leased)
    {
        if (leased.Held is not { } held)
        {
            // What was held is held until it runs out.
            if (leased.Fault is RedisRefusedException) Complain(leased.Fault.Message);
            return;
        }

        var wasHeld = IsHeld;
        _heldUntil = held ? leased.Asked + Duration : TimeSpan.Zero;
        if (!held || wasHeld) return;

        // Somebody else may have read meanwhile, and left things unacknowledged.
        _services.Log.LogInformation("This node publishes stream {Stream} on {Channel}", _rule.Stream, _rule.Channel);
        _tenure++;
        _entries.Clear();
        _lookBack = true;
        Next();
    }

    /// <summary>One thing at a time: what has been read is published, then acknowledged; then more is read.</summary>
    private void Next()
    {
        if (_busy) return;

        if (_stopping) Context.Stop(Self);
        if (_stopping || !IsHeld) return;

        _busy = true;
        if (_entries.Count > 0) Publish();
        else if (_done.Count > 0) Acknowledge();
        else if (_lookBack) ReadUnacknowledged();
        else ReadNew();
    }

    private void ReadUnacknowledged()
    {
        var tenure = _tenure;
        _group.ReadUnacknowledgedAsync().PipeTo(Self, success: entries => new Read(tenure, entries, null), failure: fault => new Failed(fault));
    }

    private void ReadNew()
    {
        var tenure = _tenure;
        _group.ReadNewAsync().PipeTo(Self, success: came => new Read(tenure, came.Entries, came.Unacknowledged), failure: fault => new Failed(fault));
    }

    private void OnRead(Read read)
    {
        if (!Goes(read.Tenure)) return;

        _complaint = null;

        // Some were given to us that never came, or that a node took just before it lost the lease: these come first.
        if (read.Unacknowledged > read.Entries.Count)
        {
            _lookBack = true;
            Next();
        }
        else if (read.Entries.Count == 0)
        {
            _lookBack = false;
            Rest(_pace.Idle());
        }
        else
        {
            Take(read.Entries);
            Next();
        }
    }

    /// <summary>What can never be published is acknowledged with the rest: it would come again for ever.</summary>
    private void Take(IReadOnlyList<StreamEntry> entries)
    {
        foreach (var entry in entries.Where(entry => entry.Refusal(_services.Settings.MaxMessage) is null)) _entries.Enqueue(entry);

        foreach (var refused in entries.Where(entry => entry.Refusal(_services.Settings.MaxMessage) is not null).GroupBy(entry => entry.Refusal(_services.Settings.MaxMessage)!))
        {
            _services.Log.LogWarning(
                "{Count} entries of stream {Stream} are not published on {Channel} ({Reason}); the first is {Id}", refused.Count(), _rule.Stream, _rule.Channel, refused.Key, refused.First().Id);
            _services.Metrics.StreamEntries(refused.Count(), refused.Key);
            _done.AddRange(refused.Select(entry => entry.Id));
        }
    }

    private void Publish()
    {
        var tenure = _tenure;
        var until = _services.Now + _services.Settings.PublishTimeout;
        var tickets = new List<AwaitedTicket>();
        foreach (var entry in _entries.Take(_window))
        {
            var ticket = new AwaitedTicket();
            _relays.Tell(new RelayPublish(_rule.Channel, entry.ToPublication(_rule.Stream, _services.Settings.ExpireOf(_rule.Channel)), ticket, until, Retry: true));
            tickets.Add(ticket);
        }

        Task.WhenAll(tickets.Select(ticket => ticket.Result)).PipeTo(Self, success: results => new Sent(tenure, results));
    }

    /// <summary>What stands before the first that failed is published; from there on they go again, in order. With history a repeat is none.</summary>
    private void OnSent(Sent sent)
    {
        foreach (var result in sent.Results) _services.Metrics.PublishEnded(result);
        if (!Goes(sent.Tenure)) return;

        var published = sent.Results.TakeWhile(result => result.Failure is null).Count();
        for (var i = 0; i < published; i++) _done.Add(_entries.Dequeue().Id);
        _services.Metrics.StreamEntries(published, "published");

        if (published == sent.Results.Count)
        {
            _complaint = null;
            _pace.Reset();
            Next();
            return;
        }

        Complain("its entries cannot be published now");
        Rest(_pace.Failing());
    }

    private void Acknowledge() =>
        _group.AcknowledgeAsync([.. _done]).PipeTo(Self, success: () => Acknowledged.Instance, failure: fault => new Failed(fault));

    private void OnAcknowledged(Acknowledged acknowledged)
    {
        _busy = false;
        _done.Clear();
        Next();
    }

    private void OnFailed(Failed failed)
    {
        _busy = false;

        // An answer that was lost on the way may have had entries in it: they are given out now.
        _lookBack = true;
        if (StreamGroup.IsMissing(failed.Fault) && IsHeld)
        {
            _busy = true;
            _group.CreateAsync().PipeTo(Self, success: () => Created.Instance, failure: fault => new Failed(fault));
        }
        else
        {
            Complain(failed.Fault.Message);
            Rest(_pace.Failing());
        }
    }

    private void OnCreated(Created created)
    {
        _busy = false;
        _services.Log.LogInformation("Stream {Stream} had no group {Group}: made, from the stream's beginning", _rule.Stream, _rule.Group);
        Next();
    }

    /// <summary>What is under way is awaited, so that the next node need not repeat it.</summary>
    private void OnStop(StopStream stop)
    {
        _stopping = true;
        Next();
    }

    /// <summary>An answer has come; false if there is no going on from it.</summary>
    private bool Goes(long tenure)
    {
        _busy = false;
        if (tenure != _tenure) Next();
        return tenure == _tenure;
    }

    private void Rest(TimeSpan time)
    {
        if (_stopping) Context.Stop(Self);
        else Timers.StartSingleTimer(Tick.Next, Tick.Next, time);
    }

    /// <summary>Once for each state.</summary>
    private void Complain(string complaint)
    {
        if (complaint != _complaint) _services.Log.LogWarning("Stream {Stream} waits: {Reason}", _rule.Stream, complaint);
        _complaint = complaint;
    }

    private static void Forget(Task task) => _ = task.ContinueWith(ended => ended.Exception, TaskScheduler.Default);

    private sealed record Tick(string Name)
    {
        public static readonly Tick Lease = new("lease");
        public static readonly Tick Next = new("next");
    }

    /// <param name="Held">Null when Redis cannot be asked.</param>
    private sealed record Leased(bool? Held, TimeSpan Asked, Exception? Fault);

    /// <param name="Tenure">Which of the times that this node had the lease.</param>
    /// <param name="Unacknowledged">How many are given out, with these; null where these are what was looked for.</param>
    private sealed record Read(long Tenure, IReadOnlyList<StreamEntry> Entries, long? Unacknowledged);

    private sealed record Sent(long Tenure, IReadOnlyList<PublishResult> Results);

    private sealed record Acknowledged
    {
        public static readonly Acknowledged Instance = new();
    }

    private sealed record Created
    {
        public static readonly Created Instance = new();
    }

    private sealed record Failed(Exception Fault);
}

/// <summary>The node stops.</summary>
internal sealed record StopStream
{
    public static readonly StopStream Instance = new();
}
