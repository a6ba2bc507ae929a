using System.Runtime.Serialization;
using Broker.Actors.Channels.Wire;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Google.Protobuf;

namespace Broker.Actors.Serving.Wire;

/// <summary>
/// Makes bytes of what the server API and the nodes say to each other, and back: <c>control.proto</c>. Bound in reference.conf. Its exceptions hold nothing of a message.
/// </summary>
internal sealed class ControlSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 1101;

    // A message whose meaning must change gets another manifest; nodes that know only the old one then say so.
    public override string Manifest(object o) => o switch
    {
        Serving.OrderClients => "O",
        Serving.Ordered => "o",
        Serving.FindClients => "C",
        Serving.ClientsFound => "c",
        Serving.CountChannels => "N",
        Serving.ChannelsCounted => "n",
        Serving.AskFigures => "F",
        Serving.Figures => "f",
        _ => throw NotOurs(o),
    };

    public override byte[] ToBinary(object obj) => Encode(obj).ToByteArray();

    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return Decode(bytes, manifest);
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new SerializationException($"What came as the control message [{manifest}] is none: {broken.Message}");
        }
    }

    private static IMessage Encode(object message) => message switch
    {
        Serving.OrderClients order => Encode(order),
        Serving.Ordered ordered => new Ordered { Clients = ordered.Clients },
        Serving.FindClients find => new FindClients { Clients = ToWire(find.Clients), Channel = find.Channel?.ToWire(), After = find.After, Limit = find.Limit },
        Serving.ClientsFound found => new ClientsFound { Clients = { found.Page.Items.Select(ToWire) }, More = found.Page.More },
        Serving.CountChannels count => new CountChannels { Pattern = count.Pattern, After = count.After },
        Serving.ChannelsCounted counted => new ChannelsCounted
        {
            Channels = { counted.Page.Items.Select(count => new Count { Name = count.Name, Clients = count.Clients }) },
            More = counted.Page.More,
        },
        Serving.AskFigures => new AskFigures(),
        Serving.Figures figures => new Figures
        {
            Version = figures.Version,
            Clients = figures.Clients,
            Users = figures.Users,
            Channels = figures.Channels,
            Subscriptions = figures.Subscriptions,
            UptimeSeconds = figures.UptimeSeconds,
        },
        _ => throw NotOurs(message),
    };

    private static OrderClients Encode(Serving.OrderClients order)
    {
        var wire = new OrderClients { Clients = ToWire(order.Clients) };
        switch (order.Order)
        {
            case CloseConnection close:
                wire.Close = new Close { Code = close.Reason.Code, Reason = close.Reason.Text };
                break;
            case TakeBack taken:
                wire.Close = new Close { Code = taken.Reason.Code, Reason = taken.Reason.Text, TakenBack = true };
                break;
            case SubscribeClient subscribe:
                wire.Subscribe = new Subscribe
                {
                    Channel = subscribe.Channel.ToWire(),
                    ChannelInfo = ByteString.CopyFrom(subscribe.ChannelInfo.Span),
                    Since = subscribe.Resume.Recover ? subscribe.Resume.Position.ToWire() : null,
                    Data = ByteString.CopyFrom(subscribe.Data.Span),
                };
                if (subscribe.ExpiresAt is { } ends) wire.Subscribe.ExpiresAt = ends.ToUnixTimeMilliseconds();
                break;
            case UnsubscribeClient unsubscribe:
                wire.Unsubscribe = new Unsubscribe { Channel = unsubscribe.Channel.ToWire(), Code = unsubscribe.Code.Code, Reason = unsubscribe.Code.Reason };
                break;
            case UnsubscribeFromAll all:
                wire.Unsubscribe = new Unsubscribe { Code = all.Code.Code, Reason = all.Code.Reason };
                break;
            case RefreshClient refresh:
                wire.Refresh = new Refresh { Expired = refresh.Expired };
                if (refresh.ExpiresAt is { } at) wire.Refresh.ExpiresAt = at.ToUnixTimeMilliseconds();
                break;
            default:
                throw NotOurs(order.Order);
        }

        return wire;
    }

    private static object Decode(byte[] bytes, string manifest) => manifest switch
    {
        "O" => Decode(OrderClients.Parser.ParseFrom(bytes)),
        "o" => new Serving.Ordered(Ordered.Parser.ParseFrom(bytes).Clients),
        "C" => Decode(FindClients.Parser.ParseFrom(bytes)),
        "c" => Decode(ClientsFound.Parser.ParseFrom(bytes)),
        "N" => Decode(CountChannels.Parser.ParseFrom(bytes)),
        "n" => Decode(ChannelsCounted.Parser.ParseFrom(bytes)),
        "F" => Serving.AskFigures.Instance,
        "f" => Decode(Figures.Parser.ParseFrom(bytes)),
        _ => throw new SerializationException($"There is no control message [{manifest}] here: the other node speaks a later version, or it is none of ours."),
    };

    private static Serving.OrderClients Decode(OrderClients wire) => new(FromWire(wire.Clients), wire.OrderCase switch
    {
        OrderClients.OrderOneofCase.Close => Decode(wire.Close),
        OrderClients.OrderOneofCase.Subscribe => new SubscribeClient(
            wire.Subscribe.Channel.FromWire(),
            wire.Subscribe.ChannelInfo.Memory,
            wire.Subscribe.HasExpiresAt ? DateTimeOffset.FromUnixTimeMilliseconds(wire.Subscribe.ExpiresAt) : null,
            wire.Subscribe.Since is { } since ? new Resume(true, since.FromWire()) : default,
            wire.Subscribe.Data.Memory),
        OrderClients.OrderOneofCase.Unsubscribe => Decode(wire.Unsubscribe),
        OrderClients.OrderOneofCase.Refresh => new RefreshClient(
            wire.Refresh.HasExpiresAt ? DateTimeOffset.FromUnixTimeMilliseconds(wire.Refresh.ExpiresAt) : null, wire.Refresh.Expired),
        _ => throw new SerializationException("A control message orders what is not known here."),
    });

    private static object Decode(Close wire)
    {
        var reason = new CloseReason(wire.Code, wire.Reason);
        return wire.TakenBack ? new TakeBack(reason) : new CloseConnection(reason);
    }

    private static object Decode(Unsubscribe wire)
    {
        var code = new UnsubscribeCode(wire.Code, wire.Reason);
        return wire.Channel is { } channel ? new UnsubscribeClient(channel.FromWire(), code) : new UnsubscribeFromAll(code);
    }

    private static Serving.FindClients Decode(FindClients wire) => new(FromWire(wire.Clients), wire.Channel is { } channel ? channel.FromWire() : null, wire.After, wire.Limit);

    private static Serving.ClientsFound Decode(ClientsFound wire) => new(new Page<ConnectedClient>([.. wire.Clients.Select(FromWire)], wire.More));

    private static Serving.CountChannels Decode(CountChannels wire) => new(wire.Pattern, wire.After);

    private static Serving.ChannelsCounted Decode(ChannelsCounted wire) =>
        new(new Page<ChannelCount>([.. wire.Channels.Select(count => new ChannelCount(count.Name, count.Clients))], wire.More));

    private static Serving.Figures Decode(Figures wire) => new(wire.Version, wire.Clients, wire.Users, wire.Channels, wire.Subscriptions, wire.UptimeSeconds);

    private static Clients ToWire(ClientFilter filter)
    {
        var wire = new Clients { Client = filter.Client ?? "", Session = filter.Session ?? "", TokenId = filter.TokenId ?? "", Except = { filter.Except } };
        if (filter.User is { } user) wire.User = user;
        if (filter.IssuedBefore is { } before) wire.IssuedBefore = before.ToUnixTimeMilliseconds();
        return wire;
    }

    private static ClientFilter FromWire(Clients? wire) => wire is null
        ? throw new SerializationException("A control message lacks its clients.")
        : new ClientFilter
        {
            User = wire.HasUser ? wire.User : null,
            Client = wire.Client,
            Session = wire.Session,
            TokenId = wire.TokenId,
            IssuedBefore = wire.HasIssuedBefore ? DateTimeOffset.FromUnixTimeMilliseconds(wire.IssuedBefore) : null,
            Except = [.. wire.Except],
        };

    private static Client ToWire(ConnectedClient client) => new()
    {
        Id = client.Client,
        User = client.User,
        Session = client.Session,
        TokenId = client.TokenId,
        Protocol = client.Protocol,
        Channels = { client.Channels.Select(channel => channel.ToWire()) },
        Since = client.Since.ToUnixTimeMilliseconds(),
        Name = client.Name,
        Version = client.Version,
    };

    private static ConnectedClient FromWire(Client wire) => new(
        wire.Id,
        wire.User,
        wire.Session,
        wire.TokenId,
        wire.Protocol,
        [.. wire.Channels.Select(channel => channel.FromWire())],
        DateTimeOffset.FromUnixTimeMilliseconds(wire.Since),
        wire.Name,
        wire.Version);

    private static SerializationException NotOurs(object message) => new($"{message.GetType()} does not go from node to node.");
}
