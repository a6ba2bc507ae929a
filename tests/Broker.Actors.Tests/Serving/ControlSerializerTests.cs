using System.Runtime.Serialization;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Nodes;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;

namespace Broker.Actors.Tests.Serving;

public sealed class ControlSerializerTests : IAsyncLifetime
{
    private readonly ActorSystem _system = ActorSystem.Create("wire", BrokerNode.EngineConfig());
    private static readonly ChannelName Channel = ChannelName.User("john", "inbox");
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123);

    private SerializerWithStringManifest Serializer => (SerializerWithStringManifest)_system.Serialization.FindSerializerFor(AskFigures.Instance);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.Terminate();

    [Fact]
    public void Orders_come_as_they_were_sent()
    {
        var john = new ClientFilter { User = "", Client = "c", Session = "s", TokenId = "t", IssuedBefore = Time, Except = ["a", "b"] };

        Assert.Equal(new CloseReason(3500, "gone"), Assert.IsType<CloseConnection>(Order(new CloseConnection(new CloseReason(3500, "gone")))).Reason);
        var subscribe = Assert.IsType<SubscribeClient>(Order(new SubscribeClient(Channel, "{}"u8.ToArray(), Time, new Resume(true, new StreamPosition("e", 7)), "1"u8.ToArray())));
        Assert.Equal((Channel, Time, new StreamPosition("e", 7), true), (subscribe.Channel, subscribe.ExpiresAt, subscribe.Resume.Position, subscribe.Resume.Recover));
        Assert.Equal("{}1", Encoding.UTF8.GetString([.. subscribe.ChannelInfo.ToArray(), .. subscribe.Data.ToArray()]));
        var plain = Assert.IsType<SubscribeClient>(Order(new SubscribeClient(Channel, default, null, default, default)));
        Assert.Equal(((DateTimeOffset?)null, false, 0, 0), (plain.ExpiresAt, plain.Resume.Recover, plain.ChannelInfo.Length, plain.Data.Length));
        Assert.Equal(new UnsubscribeClient(Channel, UnsubscribeCode.Server), Order(new UnsubscribeClient(Channel, UnsubscribeCode.Server)));
        Assert.Equal(new UnsubscribeFromAll(UnsubscribeCode.Server), Order(new UnsubscribeFromAll(UnsubscribeCode.Server)));
        Assert.Equal(new TakeBack(CloseReason.StateInvalidated), Order(new TakeBack(CloseReason.StateInvalidated)));
        Assert.Equal(new RefreshClient(Time, false), Order(new RefreshClient(Time, false)));
        Assert.Equal(new RefreshClient(null, true), Order(new RefreshClient(null, true)));
        var filter = Through(new OrderClients(john, new RefreshClient(null, true))).Clients;
        Assert.Equal(("", "c", "s", "t", Time), (filter.User, filter.Client, filter.Session, filter.TokenId, filter.IssuedBefore));
        Assert.Equal(["a", "b"], filter.Except);
        var sparse = Through(new OrderClients(new ClientFilter { Client = "c" }, new RefreshClient(null, true))).Clients;
        Assert.Equal((null, (DateTimeOffset?)null), (sparse.User, sparse.IssuedBefore));
    }

    [Fact]
    public void Questions_and_answers_come_as_they_were_sent()
    {
        var client = new ConnectedClient("id", "john", "hash", "token", ConnectedClient.Rich, [Channel, ChannelName.Session("key", "x")], Time, "js", "5.1");

        var find = Through(new FindClients(new ClientFilter { User = "john" }, Channel, "after", 7));
        Assert.Equal(("john", Channel, "after", 7), (find.Clients.User, find.Channel, find.After, find.Limit));
        Assert.Null(Through(new FindClients(new ClientFilter(), null, "", 7)).Channel);
        var found = Through(new ClientsFound(new Page<ConnectedClient>([client], true)));
        Assert.Equal(client, Assert.Single(found.Page.Items) with { Channels = client.Channels });
        Assert.Equal(client.Channels, found.Page.Items[0].Channels);
        Assert.True(found.Page.More);
        Assert.Equal(new CountChannels("a*", "b"), Through(new CountChannels("a*", "b")));
        Assert.Equal([new ChannelCount("a", 1)], Through(new ChannelsCounted(new Page<ChannelCount>([new ChannelCount("a", 1)], false))).Page.Items);
        Assert.Same(AskFigures.Instance, Through(AskFigures.Instance));
        Assert.Equal(new Figures("1.2.3", 1, 2, 3, 4, 5), Through(new Figures("1.2.3", 1, 2, 3, 4, 5)));
        Assert.Equal(new Ordered(9), Through(new Ordered(9)));
    }

    [Fact]
    public void What_is_no_control_message_is_told_without_its_content()
    {
        Assert.Throws<SerializationException>(() => Serializer.FromBinary([0xff], "O"));
        Assert.Throws<SerializationException>(() => Serializer.FromBinary([], "O"));
        Assert.Throws<SerializationException>(() => Serializer.FromBinary([], "?"));
        Assert.Throws<SerializationException>(() => Serializer.Manifest("something"));
    }

    private object Order(object order) => Through(new OrderClients(new ClientFilter { User = "john" }, order)).Order;

    private T Through<T>(T message)
        where T : class => (T)Serializer.FromBinary(Serializer.ToBinary(message), Serializer.Manifest(message));
}
