using Broker.Actors.Channels;
using Broker.Actors.Presence;
using Broker.Actors.Publishing;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Sessions;
using Broker.Actors.Settings;

namespace Broker.Actors.Serving;

/// <summary>
/// What an application's servers ask of the broker, on any node for the whole cluster: what <c>/api</c> offers over HTTP, with the same meaning, limits and error codes (Centrifugo's).
/// </summary>
public sealed partial class ServerApi
{
    private readonly BrokerServices _services;
    private readonly RelayTarget _target;
    private readonly PresenceReader _presence;
    private readonly Revocations _revocations;
    private readonly ClusterControl _control;

    internal ServerApi(BrokerServices services, RelayTarget target, PresenceReader presence, Revocations revocations, IActorRef control)
    {
        _services = services;
        _target = target;
        _presence = presence;
        _revocations = revocations;
        _control = new ClusterControl(services.System, control);
    }

    /// <summary>Publishes on a channel.</summary>
    /// <param name="channel">No raw channel.</param>
    /// <param name="data">The payload, at most <c>broker.max-message</c> bytes.</param>
    /// <param name="idempotencyKey">The publish id: makes a repeat harmless on a channel with history, as long as the history holds it.</param>
    /// <returns>Its position; null on a channel without history, where Redis has taken it.</returns>
    /// <exception cref="ServerApiException">It was refused, or may not have been published.</exception>
    public async Task<StreamPosition?> PublishAsync(ChannelName channel, ReadOnlyMemory<byte> data, string? idempotencyKey = null)
    {
        CheckChannel(channel);
        return await PublishAsync(channel, Publication(data, idempotencyKey, shared: false));
    }

    /// <summary>Publishes the same on many channels under one publish id: a ws4redis connection that subscribes to several of them gets it once.</summary>
    /// <returns>For each channel, in their order, how it went.</returns>
    /// <exception cref="ServerApiException">The payload or the list is refused.</exception>
    public async Task<IReadOnlyList<BroadcastResult>> BroadcastAsync(IReadOnlyList<ChannelName> channels, ReadOnlyMemory<byte> data, string? idempotencyKey = null)
    {
        if (channels.Count == 0) throw Bad("no channels");

        var publication = Publication(data, idempotencyKey, shared: channels.Count > 1);
        return await Task.WhenAll(channels.Select(async channel =>
        {
            try
            {
                CheckChannel(channel);
                return new BroadcastResult(await PublishAsync(channel, publication), null);
            }
            catch (ServerApiException failure)
            {
                return new BroadcastResult(null, failure);
            }
        }));
    }

    /// <summary>What a channel's history holds.</summary>
    /// <param name="channel">One with history.</param>
    /// <param name="limit">How many at most; 0: only the position; below 0: as many as are given at once (<c>broker.recovery</c> bounds number and bytes). For more, ask on from the last one.</param>
    /// <param name="since">Those after this position, or with <paramref name="reverse"/> before it. An empty epoch fits any.</param>
    /// <param name="reverse">The newest first.</param>
    /// <exception cref="ServerApiException">There is no history, or it is not whole from that position on (112).</exception>
    public async Task<HistoryView> ReadHistoryAsync(ChannelName channel, int limit = 0, StreamPosition? since = null, bool reverse = false)
    {
        CheckHistory(channel);
        try
        {
            var part = await HistoryReading.ReadAsync(_services, channel, limit, since, reverse);
            return part.IsOtherEpoch || part.HasGap ? throw new ServerApiException(RichError.UnrecoverablePosition) : part.View;
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
        {
            throw new ServerApiException(RichError.Internal, fault.Message);
        }
    }

    /// <summary>Forgets a channel's publications. Its offsets go on from where they are, and the last message stays (<see cref="Nodes.BrokerNode.RemoveMessageAsync"/>).</summary>
    /// <exception cref="ServerApiException">There is no history, or Redis does not answer.</exception>
    public async Task RemoveHistoryAsync(ChannelName channel)
    {
        CheckHistory(channel);
        try
        {
            await _services.Bus.RemoveAsync(new RedisKeys(channel.ToRedis(_services.Settings.Prefix)).History);
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
        {
            throw new ServerApiException(RichError.Internal, fault.Message);
        }
    }

    /// <summary>Which rich clients are on a channel.</summary>
    /// <exception cref="ServerApiException">The channel has no presence, or nobody can say at the moment (100).</exception>
    public Task<IReadOnlyList<ClientInfo>> ReadPresenceAsync(ChannelName channel) => OfPresenceAsync(channel, () => _presence.ReadAsync(channel, default));

    /// <summary>How many rich clients are on a channel.</summary>
    /// <inheritdoc cref="ReadPresenceAsync" path="/exception"/>
    public Task<PresenceStats> ReadPresenceStatsAsync(ChannelName channel) => OfPresenceAsync(channel, () => _presence.CountAsync(channel, default));

    private async Task<T> OfPresenceAsync<T>(ChannelName channel, Func<Task<T>> read)
    {
        CheckChannel(channel);
        if (!_services.Settings.OptionsOf(channel).Presence) throw new ServerApiException(RichError.NotAvailable, "the channel has no presence");

        try
        {
            return await read();
        }
        catch (PresenceUnavailableException)
        {
            throw new ServerApiException(RichError.Internal, "nobody can say at the moment");
        }
    }

    private async Task<StreamPosition?> PublishAsync(ChannelName channel, OutgoingPublication publication)
    {
        var result = await _target.PublishAsync(channel, publication with { Expire = _services.Settings.ExpireOf(channel) });
        return result.Failure switch
        {
            null => result.Position,
            PublishFailure.Busy => throw new ServerApiException(RichError.TooManyRequests, "more waits to be published than this node holds"),
            PublishFailure.Unknown => throw new ServerApiException(RichError.Internal, "it may have been published or not"),
            _ => throw new ServerApiException(RichError.Internal, "nothing can be published now"),
        };
    }

    private OutgoingPublication Publication(ReadOnlyMemory<byte> data, string? idempotencyKey, bool shared)
    {
        if (data.Length == 0) throw Bad("no data");
        if (data.Length > _services.Settings.MaxMessage) throw new ServerApiException(RichError.LimitExceeded, "the data is larger than broker.max-message");

        var id = string.IsNullOrEmpty(idempotencyKey) ? Epochs.New() + Epochs.New() : idempotencyKey;
        return new OutgoingPublication(data.ToArray(), id, null, Expire: 0, shared);
    }

    private void CheckHistory(ChannelName channel)
    {
        CheckChannel(channel);
        if (_services.OptionsOf(channel).History is null) throw new ServerApiException(RichError.NotAvailable, "the channel has no history");
    }

    private static void CheckChannel(ChannelName channel)
    {
        if (channel.Kind == ChannelKind.Raw) throw new ServerApiException(RichError.UnknownChannel);
    }

    private static ServerApiException Bad(string detail) => new(RichError.BadRequest, detail);
}

/// <summary>How a broadcast went on one channel.</summary>
/// <param name="Position">Its position there, with history.</param>
/// <param name="Failure">Null where it was published.</param>
public sealed record BroadcastResult(StreamPosition? Position, ServerApiException? Failure);

/// <summary>A part of a channel's history.</summary>
/// <param name="Position">The newest publication when it was read.</param>
public sealed record HistoryView(StreamPosition Position, IReadOnlyList<Publication> Publications);
