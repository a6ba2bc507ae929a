using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Sessions;

namespace Broker.Actors.Rich;

/// <remarks>Who the client is: connecting, refreshing, and what the server subscribes for it.</remarks>
internal sealed partial class RichActor
{
    private Identity? _identity;
    private string _origin = "";
    private NodeUser? _place;
    private string _name = "";
    private string _version = "";
    private Connecting? _connecting;

    private void OnConnect(Connect connect, Request request)
    {
        if (_identity is not null) Close(CloseReason.BadRequest);
        else Ask(Gate.ConnectAsync(connect), request, admission => OnAdmission(connect, admission, request));
    }

    private void OnAdmission(Connect connect, Admission admission, Request request)
    {
        if (Denies(admission, request)) return;

        var identity = admission.Identity!;
        if (!LetIn(identity, connect.Name, connect.Version)) return;

        var channels = identity.ServerSubscriptions.Distinct().ToArray();
        if (channels.Length == 0)
        {
            OnConnected(request, null);
            return;
        }

        // Only when all of them stand does the client hear that it is connected.
        _deciding = true;
        _connecting = new Connecting(request, new ConnectHold(Output));
        foreach (var channel in channels)
        {
            var name = channel.ToClients();
            var resume = connect.Since.GetValueOrDefault(name);
            Begin(new WithConnect(_connecting.Hold, Self, JoinOf(channel, name, resume, default), Output), Permission.Granted);
        }
    }

    /// <summary>A client that can only listen: it has been asked all that there is to ask.</summary>
    private void Begin(StreamPlan plan)
    {
        if (!LetIn(plan.Identity, plan.Name, plan.Version)) return;

        BeginLife();
        var name = plan.Channel.ToClients();
        var join = JoinOf(plan.Channel, name, new Resume(plan.Since is not null, plan.Since ?? default), plan.Permission.Info) with { Positioned = true };
        Begin(new Given(Self, join, Output), plan.Permission);
    }

    /// <summary>False: it is closed, because its user has as many connections as may be, or because what it came with has been taken back meanwhile.</summary>
    private bool LetIn(Identity identity, string name, string version)
    {
        if (!TakePlace(identity))
        {
            _services.Metrics.OverLimit("user-connections");
            Close(CloseReason.ConnectionLimit);
            return false;
        }

        (_identity, _name, _version) = (identity, name, version);
        _origin = identity.Origin.Length > 0 ? identity.Origin : _connection.Id;
        Show();
        LookAgain(Gate.LookAgainAsync(), OnLookedAt);
        return !_closing;
    }

    /// <summary>Nearly always there is nothing to look at, and the answer is there at once.</summary>
    private void LookAgain<T>(ValueTask<T> look, Action<T> then)
    {
        if (!look.IsCompletedSuccessfully)
            look.AsTask().PipeTo(Self, success: answer => new Finished(() => then(answer)), failure: fault => new CloseConnection(CloseReason.ServerError, fault));
        else
            then(look.Result);
    }

    private void OnLookedAt(CloseReason? taken)
    {
        if (taken is { } reason) Close(reason);
    }

    private void BeginLife()
    {
        _staleAt = null;
        EndAt(_identity!.ExpiresAt);
        _pingAt = Now + (_settings.PingInterval * Random.Shared.NextDouble());
    }

    private void OnConnected(Request request, ConnectHold? hold)
    {
        var identity = _identity!;
        BeginLife();
        var result = new ConnectResult(
            _connection.Id, LifetimeTo(identity.ExpiresAt), identity.Data, hold?.Results ?? NoSubscriptions, (uint)_settings.PingInterval.TotalSeconds, Pong: true,
            Session: _connection.Id, _services.NodeId);
        request.Answer(to => to.Connected(request.Id, result));
        hold?.Release();
        Show();
        Schedule();
    }

    /// <summary>One of the channels that the server subscribes has joined.</summary>
    private void OnServerJoined()
    {
        if (_connecting is not { } connecting || _subscriptions.Values.Any(subscription => !subscription.HasJoined)) return;

        _connecting = null;
        OnConnected(connecting.Request, connecting.Hold);
        OnDecided(new Decided(static () => { }));
    }

    /// <summary>One of them has not joined in time: the client is to try again.</summary>
    private void FailToConnect()
    {
        var request = _connecting!.Request;
        _connecting = null;
        foreach (var subscription in _subscriptions.Values.ToArray())
        {
            _relays.Tell(new Leave(subscription.Join.Channel, subscription.Subscriber));
            Forget(subscription);
        }

        _identity = null;
        LeavePlace();
        request.Refuse(RichError.Internal);
        OnDecided(new Decided(static () => { }));
    }

    private void OnRefresh(Refresh refresh, Request request)
    {
        if (refresh.Token.Length == 0) Close(CloseReason.BadRequest);
        else Ask(Gate.RefreshAsync(refresh.Token), request, admission => OnRefreshed(admission, request));
    }

    private void OnRefreshed(Admission admission, Request request)
    {
        if (Denies(admission, request)) return;

        // Another user's token does not make this connection that user's: its subscriptions were given to the first.
        if (admission.Identity!.Caller.User != _identity!.Caller.User)
        {
            Close(CloseReason.InvalidToken);
            return;
        }

        _identity = admission.Identity;
        _mayPublish.Clear();
        EndAt(_identity.ExpiresAt);
        Show();
        LookAgain(Gate.LookAgainAsync(), OnLookedAt);
        Schedule();
        var lifetime = LifetimeTo(_identity.ExpiresAt);
        request.Answer(to => to.Refreshed(request.Id, _connection.Id, lifetime));
    }

    /// <summary>The server gives the connection another end.</summary>
    private void OnOrder(RefreshClient order)
    {
        if (_identity is null || _closing) return;
        if (order.Expired || order.ExpiresAt <= _services.Time.GetUtcNow())
        {
            Close(CloseReason.Expired);
            return;
        }

        EndAt(order.ExpiresAt);
        Schedule();
        var lifetime = LifetimeTo(order.ExpiresAt);
        Output.Write(to => to.PushRefresh(lifetime));
    }

    /// <summary>True if that is what the client is told.</summary>
    private bool Denies(Admission admission, Request request)
    {
        if (admission.Close is { } reason) Close(reason);
        else if (admission.Error is { } error) request.Refuse(error);
        else if (admission.Identity!.ExpiresAt <= _services.Time.GetUtcNow()) request.Refuse(RichError.Expired);
        else return false;

        return true;
    }

    private void EndAt(DateTimeOffset? expiresAt) => _endsAt = DeadlineOf(expiresAt);

    private TimeSpan? DeadlineOf(DateTimeOffset? expiresAt) => expiresAt is { } at ? Now + (at - _services.Time.GetUtcNow()) + Grace : null;

    /// <summary>Who can only listen cannot refresh.</summary>
    private TimeSpan Grace => _connection.Stream is null ? _settings.RefreshGrace : TimeSpan.Zero;

    /// <summary>In whole seconds, not less than one: nought would be for ever.</summary>
    private Lifetime LifetimeTo(DateTimeOffset? expiresAt) =>
        expiresAt is { } at ? new Lifetime((uint)Math.Clamp((at - _services.Time.GetUtcNow()).TotalSeconds, 1, int.MaxValue)) : default;

    private bool TakePlace(Identity identity)
    {
        if (identity.Caller.User is not { } user) return true;

        _place = _services.Users.TryEnter(user, _connection);
        _rates.Shared = _place?.Rates;
        return _place is not null;
    }

    private void LeavePlace()
    {
        if (_place is { } user) _services.Users.Leave(user, _connection);
        _place = null;
        _rates.Shared = null;
    }

    private void Show()
    {
        var subscriptions = _subscriptions.Values;
        var tokens = subscriptions.Select(subscription => subscription.Token).OfType<PresentedToken>().ToArray();
        _connection.ShowAs(new RichConnection.Seen(_identity, _name, _version, [.. subscriptions.Select(subscription => subscription.Join.Channel)], tokens));
    }

    private static readonly Dictionary<string, SubscribeResult> NoSubscriptions = [];

    private sealed record Connecting(Request Request, ConnectHold Hold);
}
