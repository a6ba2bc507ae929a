namespace Broker.Engine;

/// <summary>
/// Keeps this node's lease, looks at the others', and carries the regions' claims and moves to the coordinator: <c>/system/cluster</c>.
/// </summary>
/// <remarks>
/// One exchange at a time, and none that was overtaken counts, so what comes back is in order. The next is due after a third of the lease, when a member's lease that was not
/// renewed runs out, or at once if there is something to do. Nodes tell each other over their links when they have changed something;
/// that is a hint to look, never the news itself: what is so stands in the coordinator alone, so a hint that is lost costs time and
/// nothing else.
/// </remarks>
internal sealed partial class ClusterDaemon : ReceiveActor, IWithTimers
{
    /// <summary>After a lease has run out the coordinator takes it away a moment later.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(20);

    private readonly Cluster _cluster;
    private readonly Links _links;
    private readonly ICoordinator _coordinator;
    private readonly string _terms;
    private readonly Lease _lease;
    private readonly LookPlan _plan;
    private readonly Roster _roster = new();
    private IReadOnlyCollection<string> _unreadable = [];
    private IReadOnlyDictionary<string, string> _table = new Dictionary<string, string>();
    private string _tableVersion = "";
    private long _viewNumber;
    private TimeSpan? _refusedSince;
    private long _step;
    private long _answered;
    private bool _isBusy;
    private bool _wasInVain;
    private bool _isLeaving;
    private bool _wasSuspended = true;
    private string _told = "";

    public ClusterDaemon(Cluster cluster, ICoordinator coordinator, string terms, Lease lease)
    {
        (_cluster, _coordinator, _terms, _lease, _plan) = (cluster, coordinator, terms, lease, new LookPlan(lease));
        _links = Cell.System.Links!;
        Receive<Tick>(_ => OnTick());
        Receive<Answer>(OnAnswer);
        Receive<NoAnswer>(OnNoAnswer);
        Receive<LookAgain>(_ => LookSoon());
        Receive<Misrouted>(_ => LookAgainInAWhile());
        Receive<Farewell>(OnFarewell);
        Receive<AddRegion>(OnAddRegion);
        Receive<RetireRegion>(OnRetireRegion);
        Receive<RegionStopped>(OnRegionStopped);
        Receive<LostHaveStopped>(OnLostHaveStopped);
        Receive<ShardOrders>(OnOrders);
        Receive<LeaveNow>(_ => OnLeave());
        Receive<LeaveOrder>(_ => _cluster.Leave(_cluster.SelfAddress));
        Receive<Banish>(OnBanish);
        Receive<Left>(_ => OnLeft());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Cluster.Now;

    protected override void PreStart() => OnTick();

    protected override void PostStop()
    {
        _lease.End(Now);
        _cluster.OnRemoved();
    }

    private void OnTick()
    {
        var now = Now;
        if (_wasSuspended != IsSuspended(now))
        {
            Publish(now, []);
        }

        if (!_isBusy && now >= _plan.Next && !_isLeaving)
        {
            Exchange(now);
        }

        SetTimer(now);
    }

    private void SetTimer(TimeSpan now)
    {
        var next = _plan.Next;
        if (_lease.IsHeld(now) && _lease.Until < next)
        {
            next = _lease.Until!.Value;
        }

        var wait = next - now;
        Timers.StartSingleTimer("tick", Tick.Instance, wait > TimeSpan.Zero ? wait : _lease.Duration / 20);
    }

    private void LookSoon()
    {
        _plan.Soon();
        OnTick();
    }

    private void LookAgainInAWhile()
    {
        _plan.InAWhile();
        OnTick();
    }

    private void Exchange(TimeSpan now)
    {
        _isBusy = true;
        var record = new NodeRecord(_links.Self, _cluster.IsLeaving ? MemberStatus.Leaving : MemberStatus.Up, [.. _types]);
        var order = new Exchange(
            _links.Self.Id,
            _terms,
            record.ToText(),
            Engine.Exchange.TypesTaken(_types.Select(key => key[..key.LastIndexOf('/')])),
            _lease.Duration,
            _tableVersion,
            Guid.NewGuid().ToString("N"),
            [.. _moves],
            [.. _claims]);
        _moves.Clear();
        _claims.Clear();

        // A step that never ends must not keep the node from trying the next; it may still take effect, which is why the table is believed
        // and not what was asked for. What comes late still counts: else a coordinator that is merely slow would hold our lease without our knowing.
        var step = ++_step;
        _plan.Sent(now);
        Timers.StartSingleTimer("overdue", new NoAnswer(step, null), _lease.RenewInterval);
        _ = Ask(order).PipeTo(
            Self, success: answer => new Answer(step, order, record, now, answer), failure: cause => new NoAnswer(step, cause));
    }

    /// <summary>The call itself may throw.</summary>
    private async Task<Exchanged> Ask(Exchange order) => await _coordinator.ExchangeAsync(order).ConfigureAwait(false);

    private void OnNoAnswer(NoAnswer problem)
    {
        if (problem.Step != _step || !_isBusy)
        {
            return;
        }

        Timers.Cancel("overdue");
        _isBusy = false;
        if (_isLeaving)
        {
            OnLeave();
            return;
        }

        var now = Now;
        if (problem.Cause is not null || !_lease.IsHeld(now))
        {
            _cluster.OnTrouble(problem.Cause?.Message ?? "it is too slow");
        }

        TryAgain(now);
    }

    private void TryAgain(TimeSpan now)
    {
        _plan.Failed(now);
        OnTick();
    }

    private void OnAnswer(Answer answer)
    {
        if (answer.Step < _answered)
        {
            return;
        }

        _answered = answer.Step;
        if (answer.Step == _step)
        {
            Timers.Cancel("overdue");
            _isBusy = false;
        }

        if (_isLeaving)
        {
            OnLeave();
            return;
        }

        var now = Now;
        var told = answer.Exchanged;
        if (told.Outcome == ExchangeOutcome.Refused && MayYetBeTakenIn(now))
        {
            _cluster.OnRefused(WhyNot(told));
            TryAgain(now);
            return;
        }

        if (told.Outcome != ExchangeOutcome.Done)
        {
            OnShutOut(told);
            return;
        }

        _cluster.OnContact();
        _lease.Renewed(answer.SentAt, now, told.HadLease);
        _cluster.Counters.CountRenewal();
        _tableVersion = told.TableVersion;
        if (told.Table is { } table)
        {
            _cluster.Counters.Count(ShardTraffic.Between(_table, table, _links.Self.Id, HasDied(told.Living)), told.HadLease);
            _table = table;
        }

        var living = told.Living.Select(node => NodeRecord.Parse(node.Record)).OfType<NodeRecord>().ToList();
        _unreadable = [.. told.Living.Select(node => node.Id).Except(living.Select(node => node.Identity.Id))];
        var events = _roster.Look(living, _lease.IsSettled(now));
        if (answer.Step == _step)
        {
            PlanNextLook(now, told.Living);
        }

        Publish(now, events);
        var hasChanged = told.TableVersion == answer.Order.Mark;
        _wasInVain = !hasChanged && answer.Order.Moves.Count + answer.Order.Claims.Count > 0;
        HintIfChanged(answer.Record.ToText(), hasChanged);
        OnTick();
    }

    /// <summary>Without a lease now, and without having said that it leaves. Asked before the roster knows.</summary>
    private Func<string, bool> HasDied(IReadOnlyList<LivingNode> living)
    {
        var alive = living.Select(node => node.Id).ToHashSet();
        var left = _roster.Members.Where(member => member.Status is MemberStatus.Leaving or MemberStatus.Exiting).Select(member => member.Identity.Id).ToHashSet();
        return node => !alive.Contains(node) && !left.Contains(node);
    }

    private void PlanNextLook(TimeSpan now, IReadOnlyList<LivingNode> living)
    {
        var due = living.Where(node => node.Id != _links.Self.Id).Select(node => now + node.LeaseLeft + Margin);
        if (!_lease.IsSettled(now) && _lease.IsHeld(now))
        {
            due = due.Append(_lease.SettledFrom);
        }

        _plan.Answered(due);
    }

    private void Publish(TimeSpan now, IReadOnlyList<ClusterEvent.IMemberEvent> events)
    {
        _wasSuspended = IsSuspended(now);
        _moves.Clear();
        _claims.Clear();
        var view = new ClusterView(++_viewNumber, _links.Self, [.. _roster.Members], _table, _wasSuspended, _lease.IsSettled(now)) { Unreadable = _unreadable };
        _links.SetMembers(view.Members.Select(member => member.Identity));
        foreach (var removed in events.OfType<ClusterEvent.MemberRemoved>())
        {
            _links.OnGone(removed.Member.Identity, hasLeft: removed.PreviousStatus == MemberStatus.Exiting);
        }

        _cluster.OnView(view, events);
        _behind.UnionWith(_regions.Keys);
        foreach (var region in _regions.Values)
        {
            region.Tell(view, Self);
        }

        LetLeaseCount();
    }

    /// <summary>What the others cannot know yet: some of our claims and moves have been done, or we are new here, or going.</summary>
    private void HintIfChanged(string record, bool hasChanged)
    {
        if (!hasChanged && record == _told)
        {
            return;
        }

        _told = record;
        TellOthers(LookAgain.Instance);
    }

    private void TellOthers(object message)
    {
        foreach (var member in _roster.Members.Where(member => member.Identity.Uid != _links.Self.Uid))
        {
            _cluster.DaemonOf(member.Identity.Address).Tell(message, ActorRefs.NoSender);
        }
    }

    /// <summary>
    /// Who has been a member waits until the others are gone: they came while the coordinator had lost the leases, and one wrong node must not end a whole cluster. Who
    /// has not been one waits for one lease: those who refuse it may have died.
    /// </summary>
    private bool MayYetBeTakenIn(TimeSpan now)
    {
        _refusedSince ??= now;
        return _lease.Until is not null || now < _refusedSince + _lease.Duration + Margin;
    }

    private void OnShutOut(Exchanged told)
    {
        // The regions need not wait for anybody to take their shards: nobody can be told any more.
        var now = Now;
        _lease.End(now);
        Publish(now, []);
        _cluster.OnShutOut(WhyNot(told));
        Context.Stop(Self);
    }

    private string WhyNot(Exchanged told)
    {
        var why = told.Outcome == ExchangeOutcome.Banished
            ? "it was sent away"
            : $"its terms are [{_terms}], those of the members [{told.Terms}]";
        return $"This node cannot be a member of the cluster: {why}.";
    }

    private void OnFarewell(Farewell farewell)
    {
        _roster.OnFarewell(farewell.Node);
        LookSoon();
    }

    private void OnLeave()
    {
        _isLeaving = true;
        _lease.End(Now);
        if (!_isBusy)
        {
            _isBusy = true;
            _ = GiveBack().WaitAsync(_lease.RenewInterval).PipeTo(Self, success: () => Left.Instance, failure: _ => Left.Instance);
        }
    }

    private async Task GiveBack() => await _coordinator.LeaveAsync(_links.Self.Id).ConfigureAwait(false);

    private void OnLeft()
    {
        TellOthers(new Farewell(_links.Self.Id));
        Context.Stop(Self);
    }

    private void OnBanish(Banish order)
    {
        foreach (var member in _roster.Members.Where(member => member.Identity.Address.Equals(order.Address)))
        {
            _ = _coordinator.BanishAsync(member.Identity.Id, 10 * _lease.Duration).PipeTo(Self, success: () => LookAgain.Instance, failure: _ => LookAgain.Instance);
        }
    }

    private bool IsSuspended(TimeSpan now) => !_lease.IsHeld(now);

    /// <summary>Time to look at the clock.</summary>
    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed record Answer(long Step, Exchange Order, NodeRecord Record, TimeSpan SentAt, Exchanged Exchanged);

    /// <param name="Step">Which was not answered.</param>
    /// <param name="Cause">Null if it may only be slow.</param>
    private sealed record NoAnswer(long Step, Exception? Cause);

    private sealed record Left
    {
        public static readonly Left Instance = new();
    }

    /// <summary>Give the lease back and stop.</summary>
    public sealed record LeaveNow;

    public sealed record Banish(Address Address);
}
