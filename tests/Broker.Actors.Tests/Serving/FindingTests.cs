using Broker.Actors.Audiences;
using Broker.Actors.Connections;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Serving;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Serving;

public sealed class FindingTests : TestKit
{
    // All connections of a node were looked at for those of one user: with a hundred thousand that took up to half a second.
    [Fact]
    public void A_users_clients_are_found_without_a_look_at_the_others()
    {
        var settings = BrokerSettings.Read(Configuration.Default());
        var services = new BrokerServices(Sys, new InMemoryBus(), settings, new BrokerMetrics(() => true), NullLogger.Instance, TimeProvider.System, null);
        var all = CreateTestProbe();
        var control = Sys.ActorOf(Props.Create(() => new ControlActor(all.Ref, services)));
        var john = new WireConnection(new ConnectionPlan(new Caller("john", [], null), [], [], Echo: true), LineFormat.Instance, settings);
        services.Users.Enter("john", john);

        control.Tell(new FindClients(new ClientFilter { User = "john" }, null, "", 10), TestActor);
        Assert.Equal(john.Id, Assert.Single(ExpectMsg<ClientsFound>().Page.Items).Client);
        control.Tell(new OrderClients(new ClientFilter { User = "john" }, new CloseConnection(CloseReason.ForceDisconnect)), TestActor);
        Assert.Equal(1, ExpectMsg<Ordered>().Clients);
        control.Tell(new OrderClients(new ClientFilter { User = "john", Client = "another" }, new CloseConnection(CloseReason.ForceDisconnect)), TestActor);
        Assert.Equal(0, ExpectMsg<Ordered>().Clients);

        // The anonymous ones do not stand there.
        control.Tell(new FindClients(new ClientFilter { User = "" }, null, "", 10), TestActor);
        all.ExpectMsg<AskOpenConnections>();
    }
}
