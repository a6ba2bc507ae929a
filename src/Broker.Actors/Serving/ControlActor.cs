using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Settings;

namespace Broker.Actors.Serving;

/// <summary>A node's end of the server API: carries out for its own clients what any node of the cluster was asked.</summary>
internal sealed class ControlActor : ReceiveActor
{
    public const string Name = "broker-control";

    /// <summary>A list of channels is made once for its pages.</summary>
    private static readonly TimeSpan ListLives = TimeSpan.FromSeconds(10);

    private readonly IActorRef _connections;
    private readonly BrokerServices _services;
    private readonly TimeSpan _since;
    private (string Pattern, TimeSpan Made, IReadOnlyList<ChannelCount> Channels) _list = ("", TimeSpan.Zero, []);

    public ControlActor(IActorRef connections, BrokerServices services)
    {
        _connections = connections;
        _services = services;
        _since = services.Now;

        Receive<OrderClients>(Carry);
        Receive<FindClients>(Carry);
        Receive<CountChannels>(OnCountChannels);
        Receive<AskFigures>(Carry);
        Receive<Carrying>(OnCarrying);
    }

    /// <summary>
    /// Whose connections they are is known: one user's are found among however many. All that are there, only the connections' owner knows; who they are is looked at here, so that it is not
    /// held up.
    /// </summary>
    private void Carry(IControlMessage request)
    {
        // Before it is known who is there: who comes after that sees it.
        if (request is OrderClients { Order: TakeBack }) _services.Revoking.Next();

        if (FilterOf(request)?.User is { Length: > 0 } user)
        {
            OnCarrying(new Carrying(request, Sender, _services.Users.ConnectionsOf(user)));
            return;
        }

        var asker = Sender;
        _connections.Ask<Connections.OpenConnections>(AskOpenConnections.Instance, ClusterControl.Patience)
            .PipeTo(Self, success: open => new Carrying(request, asker, open.Connections));
    }

    private static ClientFilter? FilterOf(IControlMessage request) => request switch
    {
        OrderClients order => order.Clients,
        FindClients query => query.Clients,
        _ => null,
    };

    private void OnCountChannels(CountChannels request)
    {
        if (request.After.Length > 0 && request.Pattern == _list.Pattern && _services.Now - _list.Made < ListLives)
            Sender.Tell(new ChannelsCounted(OpenClients.PageOf(_list.Channels, request.After)));
        else
            Carry(request);
    }

    private void OnCarrying(Carrying carrying) => carrying.Asker.Tell(carrying.Request switch
    {
        OrderClients order => Give(order, carrying.Connections),
        FindClients query => new ClientsFound(OpenClients.Find(carrying.Connections, query)),
        CountChannels request => Count(request, carrying.Connections),
        _ => LookAt(carrying.Connections),
    });

    private static Ordered Give(OrderClients order, IReadOnlyList<ClientConnection> connections) => new(connections.Count(connection => Give(order, connection)));

    private static bool Give(OrderClients order, ClientConnection connection)
    {
        var client = connection.Look();
        if (order.Order is TakeBack taken) return TakeBackFrom(connection, client, order.Clients, taken);
        if (!order.Clients.Fits(client) || !connection.Takes(order.Order)) return false;

        if (order.Order is UnsubscribeFromAll all) foreach (var channel in client.Channels) connection.Order(new UnsubscribeClient(channel, all.Code));
        else connection.Order(order.Order);
        return true;
    }

    private static bool TakeBackFrom(ClientConnection connection, Sight client, ClientFilter what, TakeBack taken)
    {
        if (what.Fits(client)) connection.Order(new CloseConnection(taken.Reason));
        else if (what.FitsAny(client.SubscriptionTokens)) connection.Order(new TakeBackSubscriptions(what));
        else return false;

        return true;
    }

    private ChannelsCounted Count(CountChannels request, IReadOnlyList<ClientConnection> connections)
    {
        _list = (request.Pattern, _services.Now, OpenClients.Count(connections.Select(connection => connection.Look().Channels), request.Pattern));
        return new ChannelsCounted(OpenClients.PageOf(_list.Channels, request.After));
    }

    private Figures LookAt(IReadOnlyList<ClientConnection> connections)
    {
        var users = new HashSet<string>();
        var subscriptions = 0;
        foreach (var connection in connections)
        {
            var client = connection.Look();
            if (client.User.Length > 0) users.Add(client.User);
            subscriptions += client.Channels.Count;
        }

        var version = typeof(ControlActor).Assembly.GetName().Version!.ToString(3);
        return new Figures(version, connections.Count, users.Count, (int)_services.Metrics.Relays, subscriptions, (long)(_services.Now - _since).TotalSeconds);
    }

    private sealed record Carrying(IControlMessage Request, IActorRef Asker, IReadOnlyList<ClientConnection> Connections);
}
