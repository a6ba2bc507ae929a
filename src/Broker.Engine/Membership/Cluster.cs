using System.Collections.Immutable;
using System.Diagnostics;

namespace Broker.Engine;

/// <summary>
/// The nodes that work together. A system that has joined nobody but itself is a cluster of one.
/// </summary>
/// <remarks>
/// No gossip, no election, no consensus: a coordinator that all reach (<see cref="ICoordinator"/>; Redis) holds one lease per node and one table of
/// shards. A node that holds a lease is a member; one whose lease has run out is removed by the others, and comes back as the same
/// life of the node if it was only cut off. A new member is <see cref="MemberStatus.Up"/> at once: shards may be given to it; those that nobody
/// has it claims only after one lease. <see cref="ClusterDaemon"/> keeps the lease, <see cref="Lease"/> says what a node may do by its own clock,
/// <see cref="Roster"/> makes events of what it sees, <see cref="ShardTable"/> decides about shards. Needs <c>akka.actor.provider = cluster</c>; without, the system is alone, speaks to nobody, and all of this does nothing.
/// </remarks>
public class Cluster : IExtension
{
    private readonly LocalActorSystem _system;
    private readonly Subscribers _subscribers = new();
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Action> _onUp = [];
    private readonly List<Action> _onRemoved = [];
    private Lease? _lease;
    private ICoordinator? _coordinator;
    private IActorRef? _daemon;
    private string _terms = "";
    private ClusterView? _view;
    private bool _isTerminated;
    private bool _isLeaving;
    private bool _isInTrouble;
    private bool _isRefused;

    internal Cluster(LocalActorSystem system)
    {
        _system = system;
        if (system.Links is null)
        {
            _up.SetResult();
            return;
        }

        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeClusterShutdown, "mark-leaving", MarkLeaving);
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterLeave, "leave", LeaveCoordinator);
        shutdown.AddTask(CoordinatedShutdown.PhaseClusterShutdown, "close-links", CloseLinks);
    }

    /// <summary>Where this node is.</summary>
    public Address SelfAddress => _system.Provider.DefaultAddress;

    /// <summary>Where this node is, and which of its lives.</summary>
    public UniqueAddress SelfUniqueAddress => SelfIdentity.UniqueAddress;

    /// <summary>This node.</summary>
    public Member SelfMember => State.Members.FirstOrDefault(member => member.Identity.Uid == SelfIdentity.Uid)
        ?? new Member(SelfIdentity, _isTerminated ? MemberStatus.Removed : MemberStatus.Joining);

    /// <summary>Who is in the cluster, as this node sees it.</summary>
    public ClusterEvent.CurrentClusterState State => new(Volatile.Read(ref _view) is { } view
        ? [.. view.Members.Select(Roster.ToMember)]
        : _system.Links is null ? [new Member(SelfIdentity, MemberStatus.Up)] : ImmutableSortedSet<Member>.Empty);

    /// <summary>Whether this node takes part.</summary>
    public bool IsUp => SelfMember.Status == MemberStatus.Up;

    /// <summary>Whether this node has left, or was shut out.</summary>
    public bool IsTerminated => Volatile.Read(ref _isTerminated);

    /// <summary>
    /// By this node's own clock, at the moment of the call: nobody else has been given what this node owns. False before it has joined, after it has left, and after
    /// the process stood still for longer than its lease, before anything else of it has noticed; true again only when the regions have stopped what
    /// others were given meanwhile. A system alone has nobody to share with: always true.
    /// </summary>
    internal bool HoldsLease => _system.Links is null || Volatile.Read(ref _lease) is { } lease && lease.Counts(Now);

    /// <summary>What has happened to its lease and its shards.</summary>
    internal ClusterCounters Counters { get; } = new();

    /// <summary>The cluster in numbers, as this node sees it.</summary>
    internal ClusterFigures Figures => ClusterFigures.Of(this, _system.Links, Volatile.Read(ref _lease)?.RenewedAt is { } renewed ? Now - renewed : null);

    /// <summary>The clock of leases; nobody sets it.</summary>
    internal static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    internal bool IsLeaving => Volatile.Read(ref _isLeaving);

    /// <summary>The last that was heard of the cluster, null before anything was.</summary>
    internal ClusterView? View => Volatile.Read(ref _view);

    internal IActorRef? Daemon => Volatile.Read(ref _daemon);

    private NodeIdentity SelfIdentity => _system.Links?.Self ?? new NodeIdentity(_system.Address, 0);

    /// <summary>The system's cluster.</summary>
    public static Cluster Get(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return (Cluster)system.RegisterExtension(Id.Instance);
    }

    /// <summary>Joins the cluster that the node at an address is in, or begins one with its own address.</summary>
    /// <exception cref="NotSupportedException">The system is alone (no <c>akka.actor.provider = cluster</c>), or nothing is known of that node here.</exception>
    public void Join(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (_system.Links is null)
        {
            if (!address.Equals(SelfAddress))
            {
                throw new NotSupportedException("This system is alone (akka.actor.provider is not cluster): it can only join itself.");
            }

            return;
        }

        lock (_gate)
        {
            if (_daemon is not null || _isTerminated)
            {
                return;
            }

            var isFounder = false;
            if (_coordinator is null)
            {
                isFounder = address.Equals(SelfAddress);
                var inMemory = isFounder ? InMemoryCoordinator.Found(address) : InMemoryCoordinator.Find(address);
                _coordinator = inMemory
                    ?? throw new NotSupportedException($"No system of this process is at {address}; nodes of several processes find each other through a coordinator.");
                inMemory.FoundBy(SelfAddress);
            }

            var lease = new Lease(_system.Settings.Config.GetTimeSpan("akka.cluster.lease", allowInfinite: false)) { IsFounder = isFounder };
            var (coordinator, terms) = (_coordinator, $"wire {Frame.WireVersion}, system {_system.Name}{_terms}");
            Volatile.Write(ref _lease, lease);
            _daemon = _system.SystemActorOf(Props.Create(() => new ClusterDaemon(this, coordinator, terms, lease)), "cluster");
        }

        foreach (var (type, region) in ClusterSharding.Get(_system).Regions)
        {
            _daemon.Tell(new ClusterDaemon.AddRegion(type, region), ActorRefs.NoSender);
        }
    }

    /// <summary>Joins like <see cref="Join"/>; completes when this node is up.</summary>
    /// <returns>Fails if the members refuse this node.</returns>
    public Task JoinAsync(Address address, CancellationToken token = default)
    {
        Join(address);
        return _up.Task.WaitAsync(token);
    }

    /// <summary>Joins the first of these nodes that can be joined.</summary>
    public void JoinSeedNodes(IEnumerable<Address> seedNodes)
    {
        ArgumentNullException.ThrowIfNull(seedNodes);
        Join(seedNodes.First());
    }

    /// <summary>Has a node leave: it hands over its shards, then shuts down as by <see cref="CoordinatedShutdown"/>.</summary>
    public void Leave(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.Equals(SelfAddress))
        {
            CoordinatedShutdown.Get(_system).Run(Leaves.Instance);
        }
        else if (_daemon is not null)
        {
            DaemonOf(address).Tell(LeaveOrder.Instance, ActorRefs.NoSender);
        }
    }

    /// <summary>Has this node leave.</summary>
    /// <returns>Completes when it has left.</returns>
    public Task LeaveAsync() => LeaveAsync(CancellationToken.None);

    /// <inheritdoc cref="LeaveAsync()"/>
    public Task LeaveAsync(CancellationToken cancellationToken)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        RegisterOnMemberRemoved(() => left.TrySetResult());
        Leave(SelfAddress);
        return left.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Sends a node away, whether it lives or not: its lease ends, the others take its shards.</summary>
    public void Down(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        _daemon?.Tell(new ClusterDaemon.Banish(address), ActorRefs.NoSender);
    }

    /// <summary>Runs the callback once this node is a member: a node alone is one at once.</summary>
    public void RegisterOnMemberUp(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        RunOr(_onUp, () => _up.Task.IsCompletedSuccessfully, callback);
    }

    /// <summary>Runs the callback once this node is a member no more.</summary>
    public void RegisterOnMemberRemoved(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        RunOr(_onRemoved, () => IsTerminated, callback);
    }

    /// <summary>Sends an actor the present state, then what happens of these types.</summary>
    public void Subscribe(IActorRef subscriber, params Type[] to) =>
        Subscribe(subscriber, ClusterEvent.InitialStateAsSnapshot, to);

    /// <summary>Sends an actor the present state in that form, then what happens of these types.</summary>
    public void Subscribe(IActorRef subscriber, ClusterEvent.SubscriptionInitialStateMode initialStateMode, params Type[] to)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(to);
        _subscribers.Add(subscriber, to, () => initialStateMode == ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot
            ? [State]
            : [.. State.Members.Where(member => member.Status == MemberStatus.Up).Select(member => new ClusterEvent.MemberUp(member))]);
    }

    /// <summary>Ends all of an actor's subscriptions.</summary>
    public void Unsubscribe(IActorRef subscriber) => _subscribers.Remove(subscriber, to: null);

    /// <summary>Ends one subscription.</summary>
    public void Unsubscribe(IActorRef subscriber, Type to) => _subscribers.Remove(subscriber, to);

    /// <summary>Sends an actor the present state once.</summary>
    public void SendCurrentClusterState(IActorRef receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        receiver.Tell(State, ActorRefs.NoSender);
    }

    /// <summary>What the nodes have in common. Before <see cref="Join"/>.</summary>
    /// <param name="coordinator">Where the nodes find each other.</param>
    /// <param name="terms">What they must agree on besides the engine's own: a node that has other terms than the members is refused.</param>
    internal void Use(ICoordinator coordinator, string terms)
    {
        _coordinator = coordinator;
        _terms = terms.Length == 0 ? "" : $", {terms}";
    }

    internal IActorRef DaemonOf(Address address) => new RemoteActorRef(_system.Links!, new RootActorPath(address).Child("system").Child("cluster"));

    internal void OnView(ClusterView view, IReadOnlyList<ClusterEvent.IMemberEvent> events)
    {
        _subscribers.Tell(events, () => Volatile.Write(ref _view, view));
        if (IsUp && _up.TrySetResult())
        {
            RunAll(_onUp);
        }
    }

    internal void OnContact()
    {
        if (_isInTrouble || _isRefused)
        {
            _system.Log.Warning(_isRefused ? "This node is let into the cluster" : "The cluster's coordinator answers again");
            _isInTrouble = _isRefused = false;
        }
    }

    internal void OnTrouble(string cause)
    {
        if (!_isInTrouble)
        {
            _isInTrouble = true;
            _system.Log.Warning($"The cluster's coordinator does not answer: {cause}");
        }
    }

    /// <summary>The members do not want this node now; it asks again.</summary>
    internal void OnRefused(string why)
    {
        if (!_isRefused)
        {
            _isRefused = true;
            _system.Log.Error($"{why} It waits, and asks again.");
        }
    }

    /// <summary>The members do not want this node: it shuts down.</summary>
    internal void OnShutOut(string why)
    {
        _system.Log.Error(why);
        if (!_up.TrySetException(new ClusterRefusedException(why)))
        {
            CoordinatedShutdown.Get(_system).Run(Leaves.Instance);
        }

        // Nobody may ever ask.
        _ = _up.Task.Exception;
    }

    internal void OnRemoved()
    {
        InMemoryCoordinator.Forget(SelfAddress);
        Volatile.Write(ref _isTerminated, true);
        RunAll(_onRemoved);
    }

    private void RunOr(List<Action> waiting, Func<bool> isSo, Action callback)
    {
        lock (_gate)
        {
            if (!isSo())
            {
                waiting.Add(callback);
                return;
            }
        }

        callback();
    }

    private void RunAll(List<Action> waiting)
    {
        Action[] callbacks;
        lock (_gate)
        {
            callbacks = [.. waiting];
            waiting.Clear();
        }

        foreach (var callback in callbacks)
        {
            try
            {
                callback();
            }
            catch (Exception failure)
            {
                _system.Log.Error("A callback of a change of membership failed", failure);
            }
        }
    }

    private Task<Done> MarkLeaving()
    {
        Volatile.Write(ref _isLeaving, true);
        Daemon?.Tell(LookAgain.Instance, ActorRefs.NoSender);
        return Task.FromResult(Done.Instance);
    }

    private async Task<Done> LeaveCoordinator()
    {
        if (Daemon is IInternalActorRef { IsTerminated: false } daemon)
        {
            daemon.Tell(new ClusterDaemon.LeaveNow(), ActorRefs.NoSender);
            await StopSign.Of(daemon).ConfigureAwait(false);
        }

        return Done.Instance;
    }

    private async Task<Done> CloseLinks()
    {
        await _system.Links!.CloseAsync().ConfigureAwait(false);
        return Done.Instance;
    }

    private sealed class Leaves : CoordinatedShutdown.Reason
    {
        public static readonly Leaves Instance = new();
    }

    private sealed class Id : ExtensionIdProvider<Cluster>
    {
        public static readonly Id Instance = new();

        public override Cluster CreateExtension(ExtendedActorSystem system) => new((LocalActorSystem)system);
    }
}

/// <summary>The members do not take this node in.</summary>
internal sealed class ClusterRefusedException(string message) : AkkaException(message);
