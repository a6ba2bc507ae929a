using System.Diagnostics.CodeAnalysis;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Rich;

/// <remarks>
/// The client's channels. A subscription begins with a join and ends with a leave; what the client is told of either is written by its <see cref="RichSubscriber"/> on the relay's turn.
/// </remarks>
internal sealed partial class RichActor
{
    private void OnSubscribe(Subscribe subscribe, Request request)
    {
        if (!TryChannel(subscribe.Channel, request, out var channel)) return;
        if (_subscriptions.ContainsKey(subscribe.Channel))
        {
            request.Refuse(RichError.AlreadySubscribed);
            return;
        }

        if (_subscriptions.Count >= _settings.Limits.Channels)
        {
            _services.Metrics.OverLimit("channels-per-connection");
            request.Refuse(RichError.LimitExceeded);
            return;
        }

        var options = _services.OptionsOf(channel);
        if (!options.Subscribe || !options.Welcomes(_identity!.Caller)) request.Refuse(RichError.PermissionDenied);
        else Ask(Gate.SubscribeAsync(channel, subscribe.Token), request, permission => OnMaySubscribe(subscribe, channel, permission, request));
    }

    private void OnMaySubscribe(Subscribe subscribe, ChannelName channel, Permission permission, Request request)
    {
        if (Denies(permission, request)) return;

        // The server may have subscribed it meanwhile.
        if (_subscriptions.ContainsKey(subscribe.Channel))
        {
            request.Refuse(RichError.AlreadySubscribed);
            return;
        }

        var join = JoinOf(channel, subscribe.Channel, subscribe.Resume, permission.Info) with
        {
            Positioned = subscribe.Positioned || subscribe.Recoverable,
            WantsJoinLeave = subscribe.JoinLeave,
            Lifetime = LifetimeTo(permission.ExpiresAt),
        };
        Begin(new AskedFor(request.Id, Self, join, Output), permission);
        request.Done();
    }

    private void OnUnsubscribe(Unsubscribe unsubscribe, Request request)
    {
        if (unsubscribe.Channel.Length == 0)
        {
            Close(CloseReason.BadRequest);
            return;
        }

        if (!_subscriptions.TryGetValue(unsubscribe.Channel, out var subscription))
        {
            request.Answer(to => to.Unsubscribed(request.Id));
            return;
        }

        // What comes after may subscribe again: it waits until the relay has let this one go, so that nothing of its life comes into the next one's.
        _deciding = true;
        var answer = Output.Framing.Frame(to => to.Unsubscribed(request.Id));
        End(subscription, answer, RefusalOf(subscription, RichError.Internal, answer), () =>
        {
            request.Done();
            OnDecided(new Decided(static () => { }));
        });
    }

    private void OnSubRefresh(SubRefresh refresh, Request request)
    {
        if (refresh.Channel.Length == 0)
        {
            Close(CloseReason.BadRequest);
            return;
        }

        if (!_subscriptions.TryGetValue(refresh.Channel, out var subscription) || !subscription.HasJoined) request.Refuse(RichError.PermissionDenied);
        else if (refresh.Token.Length == 0) request.Refuse(RichError.BadRequest);
        else Ask(Gate.SubscribeAsync(subscription.Join.Channel, refresh.Token), request, permission => OnSubRefreshed(subscription, permission, request));
    }

    private void OnSubRefreshed(RichSubscription subscription, Permission permission, Request request)
    {
        if (Denies(permission, request)) return;

        Stand(subscription, permission);
        var lifetime = LifetimeTo(permission.ExpiresAt);
        request.Answer(to => to.SubRefreshed(request.Id, lifetime));
    }

    /// <summary>The server subscribes the client.</summary>
    private void OnOrder(SubscribeClient order)
    {
        var name = order.Channel.ToClients();
        if (_identity is null || _connecting is not null || _closing || order.Channel.Kind == ChannelKind.Raw || _subscriptions.ContainsKey(name)) return;

        var join = JoinOf(order.Channel, name, order.Resume, order.ChannelInfo) with { Data = order.Data, Lifetime = LifetimeTo(order.ExpiresAt) };
        Begin(new Given(Self, join, Output), Permission.Granted with { ExpiresAt = order.ExpiresAt });
    }

    private void OnOrder(UnsubscribeClient order)
    {
        if (!_subscriptions.TryGetValue(order.Channel.ToClients(), out var subscription) || subscription.Leaving is not null) return;

        EndWith(subscription, order.Code, RichError.PermissionDenied, CloseReason.ForceDisconnect);
    }

    private void OnOrder(TakeBackSubscriptions order)
    {
        foreach (var subscription in _subscriptions.Values.Where(subscription => subscription.Token is { } token && order.Tokens.Fits(token)).ToArray()) LoseRight(subscription);
    }

    private void Begin(SubscriptionLife life, Permission permission)
    {
        var subscription = new RichSubscription(life) { JoinBy = Now + _settings.SubscribeTimeout };
        _subscriptions[life.Join.Name] = subscription;
        Place(subscription, null);
        Stand(subscription, permission);
    }

    /// <summary>By this it stands, and until then.</summary>
    private void Stand(RichSubscription subscription, Permission permission)
    {
        subscription.EndsAt = DeadlineOf(permission.ExpiresAt);
        subscription.Token = permission.Token;
        Show();
        Schedule();
        LookAgain(Gate.LookAgainAsync(permission), isTakenBack =>
        {
            if (isTakenBack && subscription.Token == permission.Token) LoseRight(subscription);
        });
    }

    /// <summary>Its token has been taken back: with another one the client may come again.</summary>
    private void LoseRight(RichSubscription subscription)
    {
        if (_subscriptions.GetValueOrDefault(subscription.Join.Name) == subscription && subscription.Leaving is null)
            EndWith(subscription, UnsubscribeCode.StateInvalidated, RichError.TokenExpired, CloseReason.StateInvalidated);
    }

    private void Place(RichSubscription subscription, StreamPosition? goesOn)
    {
        subscription.Subscriber = new RichSubscriber(subscription.Life, goesOn);
        _relays.Tell(new Join(subscription.Join.Channel, subscription.Subscriber));
    }

    /// <param name="farewell">What the client is told if it has joined, on the relay's turn.</param>
    /// <param name="refusal">And if it has not.</param>
    /// <param name="then">What follows here.</param>
    private void End(RichSubscription subscription, ReadOnlyMemory<byte> farewell, ReadOnlyMemory<byte> refusal, Action then)
    {
        var isFirst = subscription.Leaving is null;
        subscription.Leaving += then;
        subscription.Farewell = new Farewell(farewell, refusal);
        subscription.Subscriber.SayFarewell(subscription.Farewell);
        if (isFirst) _relays.Tell(new Leave(subscription.Join.Channel, subscription.Subscriber));
    }

    /// <summary>A client that still waits for the answer to its subscribing is given one, whatever else it is told.</summary>
    private ReadOnlyMemory<byte> RefusalOf(RichSubscription subscription, RichError error, ReadOnlyMemory<byte> after = default)
    {
        if (subscription.Life is not AskedFor asked) return after;

        var refusal = Output.Framing.Frame(to => to.Error(asked.Id, error));
        return after.IsEmpty ? refusal : (byte[])[.. refusal.Span, .. after.Span];
    }

    private void OnJoinsAt(JoinsAt joins)
    {
        if (Find(joins.Subscriber) is not { } subscription) return;

        subscription.Relay = joins.Relay;
        Context.Watch(joins.Relay);
    }

    private void OnJoined(Joined joined)
    {
        if (Find(joined.Subscriber) is not { } subscription) return;

        subscription.HasJoined = true;
        subscription.JoinBy = null;
        Schedule();
        OnServerJoined();
    }

    private void OnLeft(SubscriberLeft left)
    {
        if (Find(left.Subscriber) is not { } subscription) return;

        Forget(subscription);
        subscription.Leaving?.Invoke();
    }

    private void OnLost(SubscriptionBroken lost)
    {
        if (_subscriptions.TryGetValue(lost.Life.Join.Name, out var subscription) && subscription.Life == lost.Life && subscription.Leaving is null) Lose(subscription);
    }

    /// <summary>The client is told to subscribe again; of what the server has subscribed, to connect again. Here it is forgotten before: it may do so as soon as it hears of it.</summary>
    private void Lose(RichSubscription subscription)
    {
        _relays.Tell(new Leave(subscription.Join.Channel, subscription.Subscriber));
        Forget(subscription);
        if (subscription.Life is AskedFor) Output.Write(to => to.PushUnsubscribe(subscription.Join.Name, UnsubscribeCode.Insufficient));
        else Close(CloseReason.InsufficientState);
    }

    private void OnRelayGone(Terminated gone)
    {
        foreach (var subscription in _subscriptions.Values.Where(subscription => gone.ActorRef.Equals(subscription.Relay)).ToArray())
        {
            subscription.Relay = null;

            // Nobody calls it any more but this.
            if (subscription.Leaving is not null) subscription.Subscriber.Left();
            else if (subscription.Life.IsLost) Lose(subscription);
            else JoinAgain(subscription);
        }
    }

    /// <summary>The client goes on from where it was, and hears nothing of it unless something is missing.</summary>
    private void JoinAgain(RichSubscription subscription)
    {
        subscription.Rejoins ??= new Rejoins();
        if (!subscription.Rejoins.MayJoin(Now))
        {
            _services.Log.LogError("The relay of {Channel} fails again and again: connection {Connection} is closed", subscription.Join.Channel, _connection.Id);
            Close(CloseReason.ServerError);
            return;
        }

        var position = subscription.Subscriber.Position;
        Place(subscription, string.IsNullOrEmpty(position.Epoch) ? null : position);
    }

    private void OnDeadline(RichSubscription subscription)
    {
        if (_closing || subscription.Leaving is not null) return;
        if (!subscription.HasJoined) OnSubscribeTimeout(subscription);
        else if (subscription.Life is AskedFor) EndWith(subscription, UnsubscribeCode.Expired, RichError.Internal, CloseReason.SubscriptionExpired);
        else Close(CloseReason.SubscriptionExpired);
    }

    private void OnSubscribeTimeout(RichSubscription subscription)
    {
        if (_connecting is not null && subscription.Life is WithConnect) FailToConnect();
        else EndWith(subscription, UnsubscribeCode.Insufficient, RichError.Internal, CloseReason.InsufficientState);
    }

    /// <param name="error">What it is told instead if it has not joined and waits for an answer.</param>
    /// <param name="end">Why a client ends that has come for this channel only.</param>
    private void EndWith(RichSubscription subscription, UnsubscribeCode code, RichError error, CloseReason end)
    {
        var push = Output.Framing.Frame(to => to.PushUnsubscribe(subscription.Join.Name, code));
        End(subscription, push, RefusalOf(subscription, error), () =>
        {
            if (_connection.Stream is not null) Close(end);
        });
    }

    private void Forget(RichSubscription subscription)
    {
        _subscriptions.Remove(subscription.Join.Name);
        if (subscription.Relay is { } relay) Context.Unwatch(relay);
        Show();
    }

    private RichSubscription? Find(Subscriber subscriber) =>
        subscriber is RichSubscriber rich && _subscriptions.TryGetValue(rich.Join.Name, out var subscription) && subscription.Subscriber == rich ? subscription : null;

    private RichJoin JoinOf(ChannelName channel, string name, Resume resume, ReadOnlyMemory<byte> info)
    {
        var options = _services.OptionsOf(channel);
        var member = options.Presence ? new ClientInfo(_identity!.Caller.User ?? "", _connection.Id, _identity.Info, info) : null;
        return new RichJoin(channel, name, options, resume, Positioned: false, default, default, _origin, member, WantsJoinLeave: false);
    }

    /// <summary>A name that a client says. If it is none, that has been answered.</summary>
    private bool TryChannel(string name, Request request, [NotNullWhen(true)] out ChannelName? channel)
    {
        channel = null;
        if (name.Length == 0)
        {
            Close(CloseReason.BadRequest);
            return false;
        }

        if (name.Length > _settings.Limits.ChannelLength)
        {
            _services.Metrics.OverLimit("channel-length");
            request.Refuse(RichError.BadRequest);
            return false;
        }

        channel = ChannelName.Parse(name);
        if (channel.Kind != ChannelKind.Raw) return true;

        request.Refuse(RichError.UnknownChannel);
        return false;
    }

    private bool Denies(Permission permission, Request request)
    {
        if (permission.Close is { } reason) Close(reason);
        else if (permission.Error is { } error) request.Refuse(error);
        else if (permission.ExpiresAt <= _services.Time.GetUtcNow()) request.Refuse(RichError.Expired);
        else return false;

        return true;
    }
}
