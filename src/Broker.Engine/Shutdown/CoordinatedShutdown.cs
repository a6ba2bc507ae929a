namespace Broker.Engine;

/// <summary>
/// Ends a system in order: phases with dependencies from the configuration, the tasks of one phase at once. The last phase
/// stops all actors.
/// </summary>
public sealed class CoordinatedShutdown : IExtension
{
    /// <summary>For what must happen before anything else.</summary>
    public static readonly string PhaseBeforeServiceUnbind = "before-service-unbind";

    /// <summary>Take no new requests.</summary>
    public static readonly string PhaseServiceUnbind = "service-unbind";

    /// <summary>Wait for requests in progress.</summary>
    public static readonly string PhaseServiceRequestsDone = "service-requests-done";

    /// <summary>Close what served them.</summary>
    public static readonly string PhaseServiceStop = "service-stop";

    /// <summary>For what must happen before the node leaves its cluster.</summary>
    public static readonly string PhaseBeforeClusterShutdown = "before-cluster-shutdown";

    /// <summary>Hand the shards over.</summary>
    public static readonly string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";

    /// <summary>Leave the cluster.</summary>
    public static readonly string PhaseClusterLeave = "cluster-leave";

    /// <summary>Wait until the others know.</summary>
    public static readonly string PhaseClusterExiting = "cluster-exiting";

    /// <summary>They know.</summary>
    public static readonly string PhaseClusterExitingDone = "cluster-exiting-done";

    /// <summary>Close the cluster's links.</summary>
    public static readonly string PhaseClusterShutdown = "cluster-shutdown";

    /// <summary>For what must happen while there still are actors.</summary>
    public static readonly string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";

    /// <summary>Stop all actors.</summary>
    public static readonly string PhaseActorSystemTerminate = "actor-system-terminate";

    internal static readonly Reason ActorSystemTerminated = new ActorSystemTerminateReason();

    private readonly LocalActorSystem _system;
    private readonly IReadOnlyList<ShutdownPhase> _phases;
    private readonly Dictionary<string, List<ShutdownTask>> _tasks = [];
    private readonly TaskCompletionSource<Done> _run = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Reason? _reason;

    internal CoordinatedShutdown(LocalActorSystem system)
    {
        _system = system;
        var config = system.Settings.Config.GetConfig("akka.coordinated-shutdown");
        _phases = ShutdownPhase.Read(config);
        if (config.GetBoolean("terminate-actor-system"))
        {
            AddTask(PhaseActorSystemTerminate, "terminate-system", StopActors);
        }
    }

    /// <summary>Why it runs, null while it does not.</summary>
    public Reason? ShutdownReason => Volatile.Read(ref _reason);

    /// <summary>The sum of the timeouts of all phases that have something to do.</summary>
    public TimeSpan TotalTimeout
    {
        get
        {
            lock (_tasks)
            {
                return _tasks.Keys.Aggregate(TimeSpan.Zero, (sum, phase) => sum + Timeout(phase));
            }
        }
    }

    /// <summary>The system's shutdown.</summary>
    public static CoordinatedShutdown Get(ActorSystem sys)
    {
        ArgumentNullException.ThrowIfNull(sys);
        return (CoordinatedShutdown)sys.RegisterExtension(Id.Instance);
    }

    /// <summary>How long a phase may take.</summary>
    /// <exception cref="ArgumentException">There is no such phase.</exception>
    public TimeSpan Timeout(string phase) => Phase(phase).Timeout;

    /// <summary>Adds something to do to a phase; also while the shutdown runs, if the phase is still to come.</summary>
    /// <exception cref="AkkaException">There is no such phase in the configuration.</exception>
    public void AddTask(string phase, string taskName, Func<Task<Done>> task)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentException.ThrowIfNullOrEmpty(taskName);
        if (!_phases.Any(known => known.Name == phase))
        {
            throw new ConfigurationException(
                $"Unknown phase [{phase}]. Phases must be defined in akka.coordinated-shutdown.phases; there are "
                + $"{string.Join(", ", _phases.Select(known => known.Name))}.");
        }

        lock (_tasks)
        {
            if (!_tasks.TryGetValue(phase, out var tasks))
            {
                _tasks.Add(phase, tasks = []);
            }

            tasks.Add(new ShutdownTask(taskName, task));
        }
    }

    /// <summary>Runs all phases, or those from <paramref name="fromPhase"/> on. Runs once, however often it is called.</summary>
    /// <returns>Completes after the last phase; fails if a phase does that is not to be recovered from.</returns>
    public Task<Done> Run(Reason reason, string? fromPhase = null)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (fromPhase is not null)
        {
            Phase(fromPhase);
        }

        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            _ = RunPhases(_phases.SkipWhile(phase => fromPhase is not null && phase.Name != fromPhase));
        }

        return _run.Task;
    }

    private ShutdownPhase Phase(string name) => _phases.FirstOrDefault(phase => phase.Name == name)
        ?? throw new ArgumentException($"Unknown phase [{name}]: it must be defined in akka.coordinated-shutdown.phases.", nameof(name));

    private async Task RunPhases(IEnumerable<ShutdownPhase> phases)
    {
        // Whoever asks for the shutdown, perhaps an actor, does not run it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            foreach (var phase in phases)
            {
                await RunPhase(phase).ConfigureAwait(false);
            }

            _run.SetResult(Done.Instance);
        }
        catch (Exception failure)
        {
            _run.SetException(failure);
        }
    }

    private async Task RunPhase(ShutdownPhase phase)
    {
        ShutdownTask[] tasks;
        lock (_tasks)
        {
            tasks = _tasks.TryGetValue(phase.Name, out var list) ? [.. list] : [];
        }

        if (tasks.Length == 0 || !phase.IsEnabled)
        {
            return;
        }

        try
        {
            await Task.WhenAll(tasks.Select(task => RunTask(phase, task))).WaitAsync(phase.Timeout).ConfigureAwait(false);
        }
        catch (TimeoutException) when (phase.Recover)
        {
            _system.Log.Warning($"Coordinated shutdown: phase [{phase.Name}] timed out after {phase.Timeout}");
        }
    }

    private async Task RunTask(ShutdownPhase phase, ShutdownTask task)
    {
        try
        {
            // Tasks of one phase do not wait for each other, not even for what one does before its first await.
            await Task.Run(task.Run).ConfigureAwait(false);
        }
        catch (Exception failure) when (phase.Recover)
        {
            _system.Log.Warning($"Coordinated shutdown: task [{task.Name}] failed in phase [{phase.Name}]", failure);
        }
    }

    private async Task<Done> StopActors()
    {
        _system.StopAll();
        await _system.WhenTerminated.ConfigureAwait(false);
        return Done.Instance;
    }

    /// <summary>Why a system is shut down.</summary>
    public class Reason
    {
        /// <summary>For reasons of one's own.</summary>
        protected Reason()
        {
        }
    }

    private sealed record ShutdownTask(string Name, Func<Task<Done>> Run);

    private sealed class ActorSystemTerminateReason : Reason;

    private sealed class Id : ExtensionIdProvider<CoordinatedShutdown>
    {
        public static readonly Id Instance = new();

        public override CoordinatedShutdown CreateExtension(ExtendedActorSystem system) => new((LocalActorSystem)system);
    }
}
