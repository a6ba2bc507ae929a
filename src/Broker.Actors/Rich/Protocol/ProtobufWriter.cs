using System.Buffers;
using Broker.Actors.Channels;
using Broker.Actors.Serving;
using Google.Protobuf;

namespace Broker.Actors.Rich.Protocol;

/// <summary>Writes messages of protobuf, each after its length. Data is there as it is, whatever bytes.</summary>
internal sealed class ProtobufWriter : RichWriter
{
    private const int LengthBytes = 5;

    [ThreadStatic]
    private static ProtobufWriter? _mine;

    private ProtobufWriter()
    {
    }

    /// <summary>The present thread's.</summary>
    public static ProtobufWriter Mine => _mine ??= new ProtobufWriter();

    /// <inheritdoc/>
    public override void Ping() => Write(new Wire.Reply());

    /// <inheritdoc/>
    public override void Error(uint id, RichError error) =>
        Write(new Wire.Reply { Id = id, Error = new Wire.Error { Code = error.Code, Message = error.Message, Temporary = error.Temporary } });

    /// <inheritdoc/>
    public override void Connected(uint id, ConnectResult result)
    {
        var connect = new Wire.ConnectResult
        {
            Client = result.Client,
            Version = ServerVersion,
            Expires = result.Lifetime.Expires,
            Ttl = result.Lifetime.Seconds,
            Data = Bytes(result.Data),
            Ping = result.PingSeconds,
            Pong = result.Pong,
            Session = result.Session,
            Node = result.Node,
        };
        foreach (var (channel, subscription) in result.Subscriptions) connect.Subs.Add(channel, ResultOf(subscription));
        Write(new Wire.Reply { Id = id, Connect = connect });
    }

    /// <inheritdoc/>
    public override void Subscribed(uint id, SubscribeResult result) => Write(new Wire.Reply { Id = id, Subscribe = ResultOf(result) });

    /// <inheritdoc/>
    public override void Unsubscribed(uint id) => Write(new Wire.Reply { Id = id, Unsubscribe = new Wire.Empty() });

    /// <inheritdoc/>
    public override void Published(uint id) => Write(new Wire.Reply { Id = id, Publish = new Wire.Empty() });

    /// <inheritdoc/>
    public override void Pinged(uint id) => Write(new Wire.Reply { Id = id, Ping = new Wire.Empty() });

    /// <inheritdoc/>
    public override void Presence(uint id, IEnumerable<ClientInfo> clients)
    {
        var presence = new Wire.PresenceResult();
        foreach (var client in clients) presence.Presence[client.Client] = InfoOf(client);
        Write(new Wire.Reply { Id = id, Presence = presence });
    }

    /// <inheritdoc/>
    public override void PresenceStats(uint id, uint clients, uint users) =>
        Write(new Wire.Reply { Id = id, PresenceStats = new Wire.PresenceStatsResult { NumClients = clients, NumUsers = users } });

    /// <inheritdoc/>
    public override void History(uint id, HistoryView result)
    {
        var history = new Wire.HistoryResult { Epoch = result.Position.Epoch, Offset = (ulong)result.Position.Offset };
        foreach (var publication in result.Publications) history.Publications.Add(PublicationOf(publication, withOffset: true));
        Write(new Wire.Reply { Id = id, History = history });
    }

    /// <inheritdoc/>
    public override void Called(uint id, ReadOnlyMemory<byte> data) => Write(new Wire.Reply { Id = id, Rpc = new Wire.Message { Data = Bytes(data) } });

    /// <inheritdoc/>
    public override void Refreshed(uint id, string client, Lifetime lifetime) => Write(new Wire.Reply
    {
        Id = id,
        Refresh = new Wire.RefreshResult { Client = client, Version = ServerVersion, Expires = lifetime.Expires, Ttl = lifetime.Seconds },
    });

    /// <inheritdoc/>
    public override void SubRefreshed(uint id, Lifetime lifetime) => Write(new Wire.Reply { Id = id, SubRefresh = LifetimeOf(lifetime) });

    /// <inheritdoc/>
    public override void PushPublication(string channel, Publication publication, bool withOffset) =>
        Write(new Wire.Push { Channel = channel, Pub = PublicationOf(publication, withOffset) });

    /// <inheritdoc/>
    public override void PushJoin(string channel, ClientInfo client) => Write(new Wire.Push { Channel = channel, Join = new Wire.Member { Info = InfoOf(client) } });

    /// <inheritdoc/>
    public override void PushLeave(string channel, ClientInfo client) => Write(new Wire.Push { Channel = channel, Leave = new Wire.Member { Info = InfoOf(client) } });

    /// <inheritdoc/>
    public override void PushUnsubscribe(string channel, UnsubscribeCode code) =>
        Write(new Wire.Push { Channel = channel, Unsubscribe = new Wire.Unsubscribe { Code = code.Code, Reason = code.Reason } });

    /// <inheritdoc/>
    public override void PushSubscribe(string channel, SubscribeResult result)
    {
        var subscribe = new Wire.Subscribe { Recoverable = result.Recoverable, Positioned = result.Positioned, Data = Bytes(result.Data) };
        if (result.Recoverable || result.Positioned) (subscribe.Epoch, subscribe.Offset) = (result.Position.Epoch, (ulong)result.Position.Offset);
        Write(new Wire.Push { Channel = channel, Subscribe = subscribe });
    }

    /// <inheritdoc/>
    public override void PushRefresh(Lifetime lifetime) => Write(new Wire.Push { Refresh = LifetimeOf(lifetime) });

    private static Wire.SubscribeResult ResultOf(SubscribeResult result)
    {
        var hasPosition = result.Recoverable || result.Positioned;
        var subscribe = new Wire.SubscribeResult
        {
            Expires = result.Lifetime.Expires,
            Ttl = result.Lifetime.Seconds,
            Recoverable = result.Recoverable,
            Positioned = result.Positioned,
            WasRecovering = result.WasRecovering,
            Recovered = result.Recovered,
            Data = Bytes(result.Data),
        };
        if (hasPosition) (subscribe.Epoch, subscribe.Offset) = (result.Position.Epoch, (ulong)result.Position.Offset);
        foreach (var publication in result.Publications) subscribe.Publications.Add(PublicationOf(publication, hasPosition));
        return subscribe;
    }

    private static Wire.Publication PublicationOf(Publication publication, bool withOffset) =>
        new() { Data = Bytes(publication.Payload), Offset = withOffset ? (ulong)publication.Position.Offset : 0 };

    private static Wire.ClientInfo InfoOf(ClientInfo client) =>
        new() { User = client.User, Client = client.Client, ConnInfo = Bytes(client.ConnectionInfo), ChanInfo = Bytes(client.ChannelInfo) };

    private static Wire.Lifetime LifetimeOf(Lifetime lifetime) => new() { Expires = lifetime.Expires, Ttl = lifetime.Seconds };

    /// <summary>No copy: nobody writes to them any more.</summary>
    private static ByteString Bytes(ReadOnlyMemory<byte> data) => UnsafeByteOperations.UnsafeWrap(data);

    private void Write(Wire.Push push) => Write(new Wire.Reply { Push = push });

    private void Write(Wire.Reply reply)
    {
        var output = Begin();
        var length = output.GetSpan(LengthBytes);
        var bytes = 0;
        var rest = (uint)reply.CalculateSize();
        for (; rest > 0x7F; rest >>= 7) length[bytes++] = (byte)(rest | 0x80);
        length[bytes++] = (byte)rest;
        output.Advance(bytes);
        reply.WriteTo(output);
    }
}
