using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;
using Broker.Actors.Settings;

namespace Broker.Actors.Rich;

/// <remarks>What the client asks for besides subscriptions: publishing, presence, history, and the application's handlers.</remarks>
internal sealed partial class RichActor
{
    private const int RememberedChannels = 256;

    /// <summary>Channels that it may publish on, until it is somebody else.</summary>
    private readonly Dictionary<string, ChannelOptions> _mayPublish = [];
    private long _published;

    private void OnPublish(Publish publish, Request request)
    {
        if (!TryChannel(publish.Channel, request, out var channel)) return;
        if (publish.Data.IsEmpty)
        {
            request.Refuse(RichError.BadRequest);
            return;
        }

        if (publish.Data.Length > _services.Settings.MaxMessage)
        {
            _services.Metrics.OverLimit("max-message");
            request.Refuse(RichError.BadRequest);
            return;
        }

        if (_rates.Publish(publish.Data.Length, Now) is { } limit)
        {
            RefuseForRate(limit, request);
            return;
        }

        if (_mayPublish.TryGetValue(publish.Channel, out var known))
        {
            Handle(publish, channel, known, request);
            return;
        }

        var options = _services.OptionsOf(channel);
        if (!options.Publish || !options.Welcomes(_identity!.Caller)) request.Refuse(RichError.PermissionDenied);
        else Ask(Gate.PublishAsync(channel), request, permission => OnMayPublish(publish, channel, options, permission, request));
    }

    private void OnMayPublish(Publish publish, ChannelName channel, ChannelOptions options, Permission permission, Request request)
    {
        if (Denies(permission, request)) return;

        if (_mayPublish.Count == RememberedChannels) _mayPublish.Clear();
        _mayPublish[publish.Channel] = options;
        Handle(publish, channel, options, request);
    }

    /// <summary>The application's handler sees each publish before it is taken.</summary>
    private void Handle(Publish publish, ChannelName channel, ChannelOptions options, Request request)
    {
        if (_services.PublishHandler is not { } handler)
        {
            Take(publish, channel, options, publish.Data, request);
            return;
        }

        var asked = new ClientPublish(_identity!.Caller, [channel], publish.Data);
        Ask(new ValueTask<PublishDecision>(PublishHandling.AskAsync(handler, asked, _services)), request, decision =>
        {
            if (decision.IsAccepted)
            {
                Take(publish, channel, options, decision.Payload ?? publish.Data, request);
                return;
            }

            _services.Metrics.PublishFailed("refused");
            request.Refuse(RichError.PermissionDenied);
        });
    }

    private void Take(Publish publish, ChannelName channel, ChannelOptions options, ReadOnlyMemory<byte> payload, Request request)
    {
        // An id that the client has chosen tells repeats of this user's, and swallows nobody else's.
        var id = publish.PublishId.Length > 0 ? $"{_identity!.Caller.User ?? _origin}/{publish.PublishId}" : $"{_connection.Id}-{++_published}";
        var publication = new OutgoingPublication(payload.ToArray(), id, _origin, options.Expire);
        var ticket = new RichTicket(request, publish.Data.Length, _services.Metrics);
        _relays.Tell(new RelayPublish(channel, publication, ticket, Now + _services.Settings.PublishTimeout, Retry: false));
    }

    private void OnReadPresence(ReadPresence read, Request request) => OnPresence(read.Channel, request, channel =>
        Await(_connection.Presence.ReadAsync(channel, default), request, clients => request.Answer(to => to.Presence(request.Id, clients))));

    private void OnReadPresenceStats(ReadPresenceStats read, Request request) => OnPresence(read.Channel, request, channel =>
        Await(_connection.Presence.CountAsync(channel, default), request, stats => request.Answer(to => to.PresenceStats(request.Id, (uint)stats.Clients, (uint)stats.Users))));

    private void OnPresence(string name, Request request, Action<ChannelName> read)
    {
        if (!TryChannel(name, request, out var channel)) return;

        var options = _services.OptionsOf(channel);
        if (!options.Presence) request.Refuse(RichError.NotAvailable);
        else IfMayRead(name, channel, options, options.ReadPresence, request, () => read(channel));
    }

    private void OnReadHistory(ReadHistory read, Request request)
    {
        if (!TryChannel(read.Channel, request, out var channel)) return;

        var options = _services.OptionsOf(channel);
        if (options.History is null) request.Refuse(RichError.NotAvailable);
        else IfMayRead(read.Channel, channel, options, options.ReadHistory, request, () =>
            Await(HistoryReading.ReadAsync(_services, channel, read.Limit, read.Since, read.Reverse), request, part => OnHistory(part, request)));
    }

    private static void OnHistory(HistoryPart part, Request request)
    {
        if (part.IsOtherEpoch) request.Refuse(RichError.UnrecoverablePosition);
        else request.Answer(to => to.History(request.Id, part.View));
    }

    /// <summary>Who is subscribed may where the channel lets it; others where they might subscribe, too.</summary>
    private void IfMayRead(string name, ChannelName channel, ChannelOptions options, bool isAllowed, Request request, Action then)
    {
        if (!isAllowed || !options.Welcomes(_identity!.Caller)) request.Refuse(RichError.PermissionDenied);
        else if (_subscriptions.TryGetValue(name, out var subscription) && subscription.HasJoined) then();
        else Ask(Gate.ReadAsync(channel), request, permission => { if (!Denies(permission, request)) then(); });
    }

    private void OnRpc(Rpc rpc, Request request) => Await(Gate.CallAsync(rpc).AsTask(), request, answer =>
    {
        if (answer.Error is { } error) request.Refuse(error);
        else request.Answer(to => to.Called(request.Id, answer.Data));
    });

    private void OnSend(Send send, Request request) => Ask(Gate.SendAsync(send), request, isTaken =>
    {
        if (!isTaken) _services.Metrics.MessageDropped();
        request.Done();
    });
}
