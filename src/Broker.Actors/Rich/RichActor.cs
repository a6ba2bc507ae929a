using Broker.Actors.Connections;
using Broker.Actors.Presence;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Rich;

/// <summary>
/// Owns one rich client: who it is, its subscriptions, what it asks for, its pings and its end. Decides one command at a time, in their order; what follows a decision may overlap.
/// Publications do not pass here: relays put them into the outbox.
/// </summary>
internal sealed partial class RichActor : UntypedActor, IWithTimers
{
    private readonly RichConnection _connection;
    private readonly IActorRef _relays;
    private readonly BrokerServices _services;
    private readonly RichSettings _settings;
    private readonly ClientRates _rates;
    private readonly Queue<(Command Command, Request Request)> _waiting = new();
    private readonly Dictionary<string, RichSubscription> _subscriptions = [];
    private bool _deciding;
    private bool _closing;
    private int _closeCode;
    private TimeSpan? _wakesAt;
    private TimeSpan? _staleAt;
    private TimeSpan? _pingAt;
    private TimeSpan? _pongBy;
    private TimeSpan? _endsAt;

    public RichActor(RichConnection connection, IActorRef relays, BrokerServices services)
    {
        _connection = connection;
        _relays = relays;
        _services = services;
        _settings = services.Settings.Rich;
        _rates = new ClientRates(_settings.Limits);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private IClientGate Gate => _connection.Gate;

    private RichOutput Output => _connection.Output;

    private TimeSpan Now => _services.Now;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Commands commands: OnCommands(commands); break;
            case BadFrame bad: OnBadFrame(bad); break;
            case Decided decided: OnDecided(decided); break;
            case Finished finished: finished.Then(); break;
            case JoinsAt joins: OnJoinsAt(joins); break;
            case Joined joined: OnJoined(joined); break;
            case SubscriberLeft left: OnLeft(left); break;
            case SubscriptionBroken lost: OnLost(lost); break;
            case Terminated gone: OnRelayGone(gone); break;
            case Wake: OnWake(); break;
            case SubscribeClient order: OnOrder(order); break;
            case UnsubscribeClient order: OnOrder(order); break;
            case TakeBackSubscriptions order: OnOrder(order); break;
            case RefreshClient order: OnOrder(order); break;
            case CloseConnection close: OnClose(close); break;
            case TransportEnded ended: OnEnded(ended); break;
            default: Unhandled(message); break;
        }
    }

    protected override void PreStart()
    {
        _services.Metrics.ConnectionOpened();
        _staleAt = Now + _settings.ConnectTimeout;
        if (_connection.Stream is { } stream) Begin(stream);
        Schedule();
    }

    protected override void PostStop()
    {
        _services.Metrics.ConnectionClosed(_closeCode);
        foreach (var subscription in _subscriptions.Values) _relays.Tell(new Leave(subscription.Join.Channel, subscription.Subscriber));
        LeavePlace();

        // Only a failure gets here with the client still connected.
        _connection.DealNoMore();
        _connection.Outbox.Close(CloseReason.ServerError);
    }

    private void OnCommands(Commands commands)
    {
        if (_closing) return;

        foreach (var command in commands.Items)
        {
            var request = new Request(command.Id, Output, commands.Frame);
            if (command is Pong && _identity is not null)
            {
                // It says that the client lives, however long what it asked for takes. One that nobody asked for does no harm.
                _pongBy = null;
                request.Done();
                continue;
            }

            _waiting.Enqueue((command, request));
        }

        DecideNext();
    }

    private void OnBadFrame(BadFrame bad)
    {
        if (_closing) return;

        if (bad.Limit is { } limit) _services.Metrics.OverLimit(limit);
        Close(CloseReason.BadRequest);
    }

    private void DecideNext()
    {
        while (!_deciding && !_closing && _waiting.TryDequeue(out var next)) Decide(next.Command, next.Request);
    }

    private void Decide(Command command, Request request)
    {
        if (command is Connect connect)
        {
            OnConnect(connect, request);
            return;
        }

        if (_identity is null)
        {
            Close(CloseReason.BadRequest);
            return;
        }

        if (_rates.Command(Now) is { } limit)
        {
            RefuseForRate(limit, request);
            return;
        }

        switch (command)
        {
            case Subscribe subscribe: OnSubscribe(subscribe, request); break;
            case Unsubscribe unsubscribe: OnUnsubscribe(unsubscribe, request); break;
            case Publish publish: OnPublish(publish, request); break;
            case ReadPresence presence: OnReadPresence(presence, request); break;
            case ReadPresenceStats stats: OnReadPresenceStats(stats, request); break;
            case ReadHistory history: OnReadHistory(history, request); break;
            case Rpc rpc: OnRpc(rpc, request); break;
            case Send send: OnSend(send, request); break;
            case Refresh refresh: OnRefresh(refresh, request); break;
            case SubRefresh refresh: OnSubRefresh(refresh, request); break;
            case Ping: request.Answer(to => to.Pinged(request.Id)); break;
            default: request.Refuse(RichError.MethodNotFound); break;
        }
    }

    private void RefuseForRate(RateLimit limit, Request request)
    {
        _services.Metrics.OverLimit(limit.Name);
        if (_rates.IsHopeless) Close(CloseReason.TooManyRequests);
        else request.Refuse(RichError.TooManyRequests);
    }

    /// <summary>Nothing else is decided until this is answered.</summary>
    private void Ask<T>(ValueTask<T> question, Request request, Action<T> then)
    {
        if (question.IsCompletedSuccessfully)
        {
            then(question.Result);
            return;
        }

        _deciding = true;
        question.AsTask().PipeTo(Self, success: answer => new Decided(() => then(answer)), failure: fault => new Decided(() => Fail(request, fault)));
    }

    /// <summary>What comes after goes on meanwhile.</summary>
    private void Await<T>(Task<T> task, Request request, Action<T> then) =>
        task.PipeTo(Self, success: answer => new Finished(() => then(answer)), failure: fault => new Finished(() => Fail(request, fault)));

    private void OnDecided(Decided decided)
    {
        _deciding = false;
        if (!_closing) decided.Then();
        DecideNext();
    }

    private void Fail(Request request, Exception fault)
    {
        // While Redis or a channel's owner is away that is no news.
        var isExpected = fault is RedisUnavailableException or PresenceUnavailableException;
        _services.Log.Log(isExpected ? LogLevel.Debug : LogLevel.Error, fault, "A command of connection {Connection} failed", _connection.Id);
        request.Refuse(RichError.Internal);
    }

    /// <summary>One timer for all: it rings when the first of them is due.</summary>
    private void Schedule()
    {
        if (_closing) return;

        var next = Earlier(Earlier(_staleAt, _pingAt), Earlier(_pongBy, _endsAt));
        foreach (var subscription in _subscriptions.Values) next = Earlier(next, subscription.Deadline);
        if (next is not { } at || _wakesAt <= at) return;

        _wakesAt = at;
        Timers.StartSingleTimer(Wake.Instance, Wake.Instance, at > Now ? at - Now : TimeSpan.Zero);
    }

    private void OnWake()
    {
        _wakesAt = null;
        var now = Now;
        if (_staleAt <= now) Close(CloseReason.Stale);
        else if (_pongBy <= now) Close(CloseReason.NoPong);
        else if (_endsAt <= now) Close(CloseReason.Expired);
        else if (_pingAt <= now) SendPing(now);

        foreach (var subscription in _subscriptions.Values.Where(subscription => subscription.Deadline <= now).ToArray()) OnDeadline(subscription);
        Schedule();
    }

    private void SendPing(TimeSpan now)
    {
        Output.Offer(Output.Framing.Ping);
        _pingAt = now + _settings.PingInterval;
        if (_connection.Stream is null) _pongBy = now + _settings.PongTimeout;
    }

    private void OnClose(CloseConnection close)
    {
        if (close.Failure is { } failure) _services.Log.LogError(failure, "The transport of connection {Connection} failed", _connection.Id);
        Close(close.Reason);
    }

    private void Close(CloseReason reason)
    {
        if (_closing) return;

        _closing = true;
        var told = reason == CloseReason.GoingAway ? CloseReason.Shutdown : reason == CloseReason.InternalError ? CloseReason.ServerError : reason;
        _closeCode = told.Code;
        _connection.Outbox.Close(told);
        _connection.DealNoMore();
        Timers.CancelAll();
        if (_connection.Transport is null) Context.Stop(Self);
    }

    private void OnEnded(TransportEnded ended)
    {
        if (_closeCode == 0) _closeCode = ended.Code;
        Context.Stop(Self);
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    /// <summary>What was asked before the next command is answered.</summary>
    private sealed record Decided(Action Then);

    /// <summary>What went on beside other commands is answered.</summary>
    private sealed record Finished(Action Then);

    private sealed record Wake
    {
        public static readonly Wake Instance = new();
    }
}
