using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Presence;
using Broker.Actors.Publishing;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Rich;
using Broker.Actors.Serving;
using Broker.Actors.Sessions;
using Broker.Actors.Settings;
using Broker.Actors.Subscribing;
using Broker.Hocon;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ClientInfo = Broker.Actors.Rich.Protocol.ClientInfo;

namespace Broker.Actors.Nodes;

/// <summary>
/// A broker node in this process: channels, relays and connections as actors, over Redis or the embedded store. The web server is a shell around it; other programs use it directly.
/// </summary>
public sealed class BrokerNode : IAsyncDisposable
{
    private readonly ActorSystem _system;
    private readonly bool _ownsSystem;
    private readonly BrokerServices _services;
    private readonly HistoryLease? _lease;
    private readonly NodeActors _actors;
    private readonly RelayTarget _target;
    private readonly LastMessages _lastMessages;
    private readonly PresenceReader _presence;
    private readonly CancellationTokenSource _gone = new();
    private readonly Lazy<Task> _stopped;
    private bool _draining;

    private BrokerNode(ActorSystem system, bool ownsSystem, BrokerServices services, HistoryLease? lease, NodeActors actors)
    {
        _system = system;
        _ownsSystem = ownsSystem;
        _services = services;
        _lease = lease;
        _actors = actors;
        Actor = actors.Door;
        _stopped = new Lazy<Task>(StopOnceAsync);
        _target = new RelayTarget(actors.Relays, services, _gone.Token);
        _lastMessages = new LastMessages(services.Bus, services.Settings.Prefix);
        _presence = new PresenceReader(actors.Channels, services, _gone.Token);
        Sessions = new SessionStore(services.Bus, services.Settings.Prefix);
        Revocations = new Revocations(services.Bus, Sessions, services.Revoking, services.Settings.Prefix, services.Time);
        Server = new ServerApi(services, _target, _presence, Revocations, actors.Control);
    }

    /// <summary>The settings it runs with.</summary>
    public BrokerSettings Settings => _services.Settings;

    /// <summary>What it counts.</summary>
    public BrokerMetrics Metrics => _services.Metrics;

    /// <summary>For actor messages of the application's own: <see cref="Subscribe"/>, <see cref="Unsubscribe"/>, <see cref="Publish"/>.</summary>
    public IActorRef Actor { get; }

    /// <summary>What the HTTP API offers, for code in this process: publish, history, clients and channels of all nodes.</summary>
    public ServerApi Server { get; }

    /// <summary>Session records: who holds a session cookie.</summary>
    public SessionStore Sessions { get; }

    /// <summary>Tokens and sessions that do not count any more.</summary>
    public Revocations Revocations { get; }

    /// <summary>It is stopping: no new clients.</summary>
    public bool IsDraining => Volatile.Read(ref _draining);

    /// <summary>Completes when its actor system has ended: after <see cref="StopAsync"/>, or because the cluster has sent the node away, which then ends by itself.</summary>
    public Task WhenEnded => _system.WhenTerminated;

    /// <summary>Starts a node with an actor system of its own.</summary>
    /// <param name="configuration">From <see cref="Configuration"/>; the defaults and the environment if left out.</param>
    /// <param name="options">Logging and the application's callbacks.</param>
    /// <exception cref="HoconException">A setting is wrong.</exception>
    /// <exception cref="BrokerStartException">Another node uses this Redis in a way that excludes this one.</exception>
    public static async Task<BrokerNode> StartAsync(HoconObject? configuration = null, BrokerOptions? options = null)
    {
        configuration ??= Configuration.Default();
        options ??= new BrokerOptions();

        // Before the engine reads what is its own: what is wrong it would say in its words.
        var settings = BrokerSettings.Read(configuration, options.IsDevelopment);
        return await StartAsync(ActorSystem.Create("broker", EngineConfig(configuration)), ownsSystem: true, configuration, settings, options);
    }

    /// <summary>What an application's own actor system needs in its configuration for a node to join it: dispatchers, and on Akka.NET the cluster provider.</summary>
    /// <example><code>ActorSystem.Create("application", mine.WithFallback(BrokerNode.EngineConfig()))</code></example>
    public static Config EngineConfig(HoconObject? configuration = null) =>
        ConfigurationFactory.ParseString(Configuration.EngineText(configuration ?? Configuration.Default()));

    /// <summary>
    /// Starts a node in an actor system that the application already runs (its configuration holds <see cref="EngineConfig"/>); the system lives on when the node stops, unless it
    /// is a member of a cluster: who has left one cannot come back.
    /// </summary>
    /// <inheritdoc cref="StartAsync(HoconObject, BrokerOptions)"/>
    public static async Task<BrokerNode> StartAsync(ActorSystem system, HoconObject? configuration = null, BrokerOptions? options = null)
    {
        configuration ??= Configuration.Default();
        options ??= new BrokerOptions();
        return await StartAsync(system, ownsSystem: false, configuration, BrokerSettings.Read(configuration, options.IsDevelopment), options);
    }

    /// <summary>Publishes on a facility to these audiences; to everybody if none is named.</summary>
    public Publisher Publisher(string facility, params IReadOnlyList<Audience> audiences) =>
        new(_target, Settings, facility, audiences.Count == 0 ? [Audience.Broadcast] : audiences);

    /// <summary>The last message that is kept for a caller: the first found in its session, user, groups (in their order), and broadcast.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task<byte[]?> FetchMessageAsync(Caller caller, string facility, FetchFrom from = FetchFrom.Any) => _lastMessages.FetchAsync(caller, facility, from);

    /// <summary>Removes a channel's last message. True if there was one.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task<bool> RemoveMessageAsync(ChannelName channel) => _lastMessages.RemoveAsync(channel);

    /// <summary>Who is on a channel, on all nodes: clients of rich mode, where the channel has presence. While the channel goes from one node to another this waits, and may fail.</summary>
    /// <exception cref="PresenceUnavailableException">Nobody can say at the moment; later.</exception>
    public Task<IReadOnlyList<ClientInfo>> ReadPresenceAsync(ChannelName channel, CancellationToken stop = default) => _presence.ReadAsync(channel, stop);

    /// <summary>How many that are. Costs the same however many there are.</summary>
    /// <exception cref="PresenceUnavailableException">Nobody can say at the moment; later.</exception>
    public Task<PresenceStats> ReadPresenceStatsAsync(ChannelName channel, CancellationToken stop = default) => _presence.CountAsync(channel, stop);

    /// <summary>Subscribes to a channel.</summary>
    /// <param name="channel">Which.</param>
    /// <param name="since">The last position that was seen: what came after it comes first, if the history is whole from there on (<see cref="SubscriptionStart.Recovered"/>).</param>
    /// <exception cref="ObjectDisposedException">The node has stopped.</exception>
    public Subscribing.Subscription SubscribeAsync(ChannelName channel, StreamPosition? since = null)
    {
        ObjectDisposedException.ThrowIf(_gone.IsCancellationRequested, this);
        return new(channel, since, Actor, Settings.OutboxLimit, _gone.Token);
    }

    /// <summary>Records who the holder of a session key is, so that the session cookie alone yields user and groups.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task SignInAsync(string sessionKey, string user, IReadOnlyList<string> groups, TimeSpan expires) => Sessions.SignInAsync(sessionKey, user, groups, expires);

    /// <summary>Forgets the record of a session. True if there was one.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task<bool> SignOutAsync(string sessionKey) => Sessions.SignOutAsync(sessionKey);

    /// <summary>Opens a ws4redis connection for a client whose identity and rights are established.</summary>
    /// <exception cref="InvalidOperationException">The node is stopping.</exception>
    /// <exception cref="AskTimeoutException">The node is too busy to open it.</exception>
    public Task<WireConnection> OpenAsync(ConnectionPlan plan, IWireFormat format) => OpenAsync(new WireConnection(plan, format, Settings, Metrics, _services.Time.GetUtcNow()));

    /// <summary>Opens a connection for a client of the Centrifuge protocol, who has yet to say who it is.</summary>
    /// <inheritdoc cref="OpenAsync(ConnectionPlan, IWireFormat)" path="/exception"/>
    internal Task<RichConnection> OpenAsync(IClientGate gate, RichFraming framing) =>
        OpenAsync(new RichConnection(gate, framing, _presence, Settings, Metrics, _services.Time.GetUtcNow()));

    /// <summary>Opens an event stream.</summary>
    /// <inheritdoc cref="OpenAsync(ConnectionPlan, IWireFormat)" path="/exception"/>
    internal Task<RichConnection> OpenAsync(StreamPlan plan, IClientGate gate) =>
        OpenAsync(new RichConnection(gate, EventFraming.Instance, _presence, Settings, Metrics, _services.Time.GetUtcNow(), plan));

    private async Task<T> OpenAsync<T>(T connection) where T : ClientConnection
    {
        try
        {
            await _actors.Connections.Ask<IActorRef>(new OpenConnection(connection), TimeSpan.FromSeconds(10));
            return connection;
        }
        catch (AskTimeoutException)
        {
            // Nobody will ever say that this one has ended.
            connection.Ended(CloseReason.InternalError.Code);
            throw;
        }
    }

    /// <summary>Asks the application's publish handler, as for a websocket's message.</summary>
    public async Task<PublishDecision> DecideAsync(ClientPublish publish) =>
        _services.PublishHandler is { } handler ? await PublishHandling.AskAsync(handler, publish, _services) : PublishDecision.Accept;

    /// <summary>Redis answers.</summary>
    public async Task<bool> IsRedisUpAsync()
    {
        try
        {
            await _services.Bus.PingAsync();
            return _services.Bus.IsConnected;
        }
        catch (RedisUnavailableException)
        {
            return false;
        }
    }

    /// <summary>It is a member of its cluster, or alone by configuration. If not, what it is asked waits or fails as while Redis is away.</summary>
    public bool IsMember => _services.MayOwn;

    /// <summary>The cluster as this node sees it; for a node alone, itself.</summary>
    public async Task<ClusterReport> LookAtClusterAsync()
    {
        var report = ClusterSight.Look(_system, IsMember);
        try
        {
            var stats = await _actors.Channels.Ask<ClusterShardingStats>(new GetClusterShardingStats(TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(2));
            return report.With(stats);
        }
        catch (AskTimeoutException)
        {
            // The node is stopping, or Akka.NET has no coordinator yet.
            return report;
        }
    }

    /// <summary>
    /// Stops: clients are closed at the pace of <c>broker.shutdown</c>, then the actors stop, Redis last. May be called again; all calls complete together.
    /// </summary>
    public Task StopAsync() => _stopped.Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>For the command gateway.</summary>
    internal IRedisBus Bus => _services.Bus;

    internal BrokerServices Services => _services;

    private static async Task<BrokerNode> StartAsync(ActorSystem system, bool ownsSystem, HoconObject configuration, BrokerSettings settings, BrokerOptions options)
    {
        IRedisBus? bus = null;
        BrokerMetrics? metrics = null;
        HistoryLease? lease = null;
        try
        {
            var log = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Broker");
            bus = await options.OpenBus(settings, log, options.Time);

            metrics = new BrokerMetrics(() => bus.IsConnected);
            lease = await HistoryLease.TakeAsync(bus, settings, log, options.Time);
            var membership = await JoinAsync(system, bus, settings, log);
            var services = new BrokerServices(system, bus, settings, metrics, log, options.Time, options.PublishHandler, lease, membership)
            {
                Nodes = membership is null ? ClusterNodes.Alone : ClusterNodes.Of(system),
            };
            var actors = NodeActors.Start(services, configuration.Get("broker.websocket.heartbeat-interval").DurationAtLeast(ConnectionsActor.LeastInterval));
            if (settings.Cluster.Enabled) ClusterMetrics.Add(metrics.Meter, () => ClusterSight.Look(system, services.MayOwn));
            return new BrokerNode(system, ownsSystem, services, lease, actors);
        }
        catch
        {
            try
            {
                if (ownsSystem) await system.Terminate();
            }
            finally
            {
                await CloseAsync(lease, bus, metrics);
            }

            throw;
        }
    }

    /// <summary>Null for a node that is alone.</summary>
    private static async Task<Membership?> JoinAsync(ActorSystem system, IRedisBus bus, BrokerSettings settings, ILogger log)
    {
        if (settings.Cluster.Enabled) return await Membership.JoinAsync(system, (RedisBus)bus, settings, log);

        var cluster = Cluster.Get(system);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(up.SetResult);
        cluster.Join(cluster.SelfAddress);
        await up.Task;
        return null;
    }

    /// <summary>Whatever fails on the way, nothing is left open; who waits for the stop sees the failure.</summary>
    private async Task StopOnceAsync()
    {
        Volatile.Write(ref _draining, true);
        try
        {
            if (!WhenEnded.IsCompleted) await DrainAsync();
        }
        finally
        {
            try
            {
                if (!WhenEnded.IsCompleted) await (_ownsSystem || Settings.Cluster.Enabled ? StopSystemAsync() : _actors.StopAsync(_system));
            }
            finally
            {
                await _gone.CancelAsync();
                await CloseAsync(_lease, _services.Bus, _services.Metrics);
            }
        }
    }

    private async Task DrainAsync()
    {
        try
        {
            await _actors.Connections.Ask<Drained>(new DrainConnections(Settings.Drain, CloseReason.GoingAway), Settings.Drain.Patience);
        }
        catch (AskTimeoutException)
        {
            _services.Log.LogWarning("Some clients did not close in time");
        }
    }

    private async Task StopSystemAsync()
    {
        try
        {
            await _actors.StopClientsAsync(_system);
        }
        finally
        {
            await CoordinatedShutdown.Get(_system).Run(NodeStops.Instance);
        }
    }

    private static async Task CloseAsync(HistoryLease? lease, IRedisBus? bus, BrokerMetrics? metrics)
    {
        try
        {
            if (lease is not null) await lease.DisposeAsync();
        }
        finally
        {
            metrics?.Dispose();
            if (bus is not null) await bus.DisposeAsync();
        }
    }

    private sealed class NodeStops : CoordinatedShutdown.Reason
    {
        public static readonly NodeStops Instance = new();
    }
}

/// <summary>The node cannot start beside what already runs. The message says why.</summary>
public sealed class BrokerStartException(string message) : Exception(message);
