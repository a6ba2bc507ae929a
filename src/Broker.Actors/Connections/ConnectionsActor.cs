using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Connections;

/// <summary>
/// Owns the connections of a node: opens them, gives them their heartbeat, and closes them in paces when the node stops.
/// </summary>
internal sealed class ConnectionsActor : ReceiveActor, IWithTimers
{
    /// <summary>A heartbeat interval is cut into so many turns, so that a node does not send to all its clients at once.</summary>
    private const int Turns = 16;

    /// <summary>So that each turn has a millisecond.</summary>
    public static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(Turns);

    private readonly IActorRef _relays;
    private readonly BrokerServices _services;
    private readonly TimeSpan _interval;
    private readonly Dictionary<IActorRef, Place> _connections = [];
    private int _turn;
    private readonly Queue<IActorRef> _closing = new();
    private DrainConnections? _drain;
    private TimeSpan _drainsSince;
    private IActorRef? _drained;

    public ConnectionsActor(IActorRef relays, BrokerServices services, TimeSpan heartbeatInterval)
    {
        _relays = relays;
        _services = services;
        _interval = heartbeatInterval;

        Receive<OpenConnection>(OnOpen);
        Receive<Terminated>(OnTerminated);
        Receive<Tick>(OnTick);
        Receive<DrainConnections>(OnDrain);
        Receive<AskOpenConnections>(_ => Sender.Tell(new OpenConnections([.. _connections.Values.Select(place => place.Connection)])));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>A connection whose actor fails ends; its client comes back.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(fault =>
    {
        _services.Log.LogError(fault, "A connection failed");
        return Directive.Stop;
    });

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Beat, Tick.Beat, _interval / Turns);

    private void OnOpen(OpenConnection open)
    {
        if (_drain is not null)
        {
            Sender.Tell(new Status.Failure(new InvalidOperationException("the node is stopping")));
            return;
        }

        // Whoever opens it may take it for one that can be found.
        var connection = open.Connection;
        if (connection.User is { } user) _services.Users.Enter(user, connection);

        var actor = Context.ActorOf(connection.PropsOf(_relays, _services));
        connection.StartedAs(actor);

        // The turn that has just been: it comes round after a whole interval.
        _connections[actor] = new Place(connection, _turn);
        Context.Watch(actor);
        Sender.Tell(actor);
    }

    private void OnTerminated(Terminated gone)
    {
        if (!_connections.Remove(gone.ActorRef, out var place)) return;

        // By itself the table would stay as large as the largest crowd.
        if (_connections.Capacity > 1024 && _connections.Count < _connections.Capacity / 8) _connections.TrimExcess(2 * _connections.Count);

        if (place.Connection.User is { } user) _services.Users.Leave(user, place.Connection);
        if (_drain is not null && _connections.Count == 0) _drained?.Tell(Drained.Instance);
    }

    private void OnTick(Tick tick)
    {
        if (tick == Tick.Drain)
        {
            CloseSome();
            return;
        }

        // A look at all of them is cheap. A set for each turn would be as large as the largest crowd that ever came within it, for ever.
        _turn = (_turn + 1) % Turns;
        foreach (var (actor, place) in _connections)
        {
            if (place.Turn == _turn && place.Connection.HasBeat) actor.Tell(Beat.Instance);
        }
    }

    private void OnDrain(DrainConnections drain)
    {
        _drain = drain;
        _drainsSince = _services.Now;
        _drained = Sender;
        if (_connections.Count == 0)
        {
            Sender.Tell(Drained.Instance);
            return;
        }

        foreach (var connection in _connections.Keys) _closing.Enqueue(connection);
        var pace = drain.Pace;
        var first = pace.Next(_closing.Count, TimeSpan.Zero);
        if (first > pace.Clients)
            _services.Log.LogWarning("{Connections} clients are too many for the pace and the time of broker.shutdown: {Clients} go in each interval", _closing.Count, first);

        CloseSome();
    }

    /// <summary>
    /// Counted, not by turns of the heartbeat: clients that came all at once share a turn. A turn is set when the one before has been: turns that were late do not come all at once.
    /// </summary>
    private void CloseSome()
    {
        var (pace, reason) = (_drain!.Pace, _drain.Reason);
        for (var some = pace.Next(_closing.Count, _services.Now - _drainsSince); some > 0 && _closing.TryDequeue(out var connection);)
        {
            if (!_connections.ContainsKey(connection)) continue;

            connection.Tell(new CloseConnection(reason));
            some--;
        }

        if (_closing.Count > 0) Timers.StartSingleTimer(Tick.Drain, Tick.Drain, pace.Interval);
    }

    private readonly record struct Place(ClientConnection Connection, int Turn);

    private sealed record Tick(string Name)
    {
        public static readonly Tick Beat = new("beat");
        public static readonly Tick Drain = new("drain");
    }
}
